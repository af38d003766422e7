"""Location "broken": does not load, for a reason that has a reason."""

try:
    {}["connection"]
except KeyError as error:
    raise RuntimeError("the configuration names no connection") from error
