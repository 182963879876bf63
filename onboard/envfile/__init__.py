"""One env file: read it as its readers do, edit one line, spell a value that they all read back, save it whole."""
