"""Tandem, in the order of the data: landing, transform, quality, publish, scorecard; ops runs them, demo feeds them."""
