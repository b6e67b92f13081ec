"""When, by what and with which bands an image was taken: from names, tags, side files and what people say."""
