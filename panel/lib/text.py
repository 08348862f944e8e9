"""Text of several lines, in one form whoever wrote it: browsers send CRLF, providers and files either."""


def with_plain_lines(text: str) -> str:
    """The text with its lines ended by a line feed alone."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
