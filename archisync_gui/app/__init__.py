"""The composition root: puts the parts together. ``core`` knows no Qt, ``desktop`` adds the panel and the endpoint."""
