"""What the driver does in a page of the ERP: login, certificate, grid commands."""
