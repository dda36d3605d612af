"""Login, clicks and script calls in a page of the ERP; the scripts are in ``scripts``."""
