"""The order of reads by number instead of by time, garbage and clock doubts of a read, run durations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "touched",
        sa.Column("entity", sa.String, primary_key=True),
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("row_key", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("proven", sa.Boolean, nullable=False),
    )
    for name in ("number", "new_number", "whole_number"):
        op.add_column("reads", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.add_column("reads", sa.Column("garbage", sa.Integer))
    op.add_column("reads", sa.Column("doubtful", sa.JSON))
    op.add_column("refused_reads", sa.Column("number", sa.Integer, nullable=False, server_default="0"))
    op.add_column("refused_reads", sa.Column("after", sa.Integer))
    op.add_column("refused_reads", sa.Column("garbage", sa.Integer, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("seconds", sa.Float))
    op.create_index("runs_in_order", "runs", ["type", "account", "scope"])
