"""What a company writes down in seeds/*.yml: read, checked, and told with file, line and remedy when it is wrong."""
