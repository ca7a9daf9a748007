"""The pieces of the runtime that can be replaced, and the runtime around one.

A piece is a contract header of this package, a flag of the same name, and the
runtime's own version. The inline ones are compiled into everything that uses
them, because a call would cost too much; to replace one is to compile all of
that again. The others are plain files. The runtime's libraries leave their
symbols undefined, and the last link brings the default or a replacement, so
nothing is compiled again but the replacement.
"""

INLINE_PIECES = [
    "context",
    "run_queue",
]

LINKED_PIECES = {
    "park": "//runtime/sched:park_piece",
    "syscall_handoff": "//runtime/sched:syscall_handoff_piece",
}

def runtime_around(piece):
    """What a program is linked with that brings a linked piece itself."""
    if piece not in LINKED_PIECES:
        fail("%s is not a linked piece: %s are" % (piece, ", ".join(LINKED_PIECES)))
    return ["//runtime/plug:" + p for p in LINKED_PIECES if p != piece] + ["//runtime:without_pieces"]
