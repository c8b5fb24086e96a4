"""The page people look at: one self-contained file, drawn from the published marts alone."""
