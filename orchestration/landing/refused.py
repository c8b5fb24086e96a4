"""The one way in which this room says no to a file; apart, so that who only hears it need not import what reads files."""


class RefusedError(Exception):
    """The file can't be landed. `code` is the reason's name, the message names file, column and remedy."""

    def __init__(self, code: str, message: str, feed: str | None = None):
        super().__init__(message)
        self.code, self.feed = code, feed
