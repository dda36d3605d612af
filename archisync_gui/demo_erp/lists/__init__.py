"""The demo ERP's own tables of the six list views, typed from docs/erp.md and on purpose not from ``entities``."""
