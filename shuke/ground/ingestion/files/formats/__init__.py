"""One file per format: `inspect(path)` looks at a file, `chunks(source)` streams its rows."""
