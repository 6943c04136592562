"""One function per question: parameters in, a frame or a dataclass out."""
