"""Lines of the change log have all changed fields of a row; existing lines, with one field each, are not changed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("changes", sa.Column("fields", sa.Text))
