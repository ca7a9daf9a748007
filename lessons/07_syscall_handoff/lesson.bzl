"""Lesson 07. //tools/judge:manifest.bzl says what the fields mean."""

LESSON = {
    "id": "07_syscall_handoff",
    "title": "syscall hand-off",
    "plug": "syscall_handoff",
    "schedules": {
        "model": "syscall",
        "replaces": "sched/syscall.cc",
        "broke": [
            ("SYS-3", "SYS-3"),
            ("MN-7", "SYS-4"),
            ("livelock", "SYS-4"),
        ],
    },
    "minutes": 150,
    "points": 8,
    "document_sections": [4],
    "sa": ["SA2", "SA4"],
    "forbidden": [
        {
            "pattern": "\\bstd::(j?thread|mutex|condition_variable|counting_semaphore|binary_semaphore|async)\\b|\\bpthread_|\\bsem_",
            "inv": "SYS-2",
            "why": "the runtime knows only the threads that StartM starts, and only the goroutines that park",
        },
    ],
    "invariants": {
        "SYS-0": "The piece does something at all: a call begins, its P is free meanwhile, and the goroutine goes on after it.",
        "SYS-1": "While goroutines block in the kernel, other goroutines go on.",
        "SYS-2": "There are no more threads than blocked goroutines, Ps and a fixed number besides.",
        "SYS-3": "A call that comes back to its own P takes no lock.",
        "SYS-4": "A goroutine that comes back and finds no P waits in the global queue, and its thread sleeps.",
        "SYS-5": "The number of Ps stays: a P that is left in a call is taken by exactly one thread.",
        "SYS-6": "Calls shorter than sysmon's threshold make no thread and wake none.",
        "SYS-7": "With a pool of n places at most n goroutines are in its calls, and they get their places in the order in which they came.",
    },
    "cases": [
        {"name": "Syscall.QuickCall", "inv": "SYS-3", "points": 1, "kind": "schedules", "configs": ["quick_1p"]},
        {"name": "Syscall.OnlyOneTakesTheP", "inv": "SYS-5", "points": 1.5, "kind": "schedules", "configs": ["retake_1p:2", "retake_2p"]},
        {"name": "Syscall.ComesBackWithoutAP", "inv": "SYS-4", "points": 1, "kind": "schedules", "configs": ["two_calls_1p", "blocking_2p"]},
        {"name": "Syscall.OthersGoOn", "inv": "SYS-1", "points": 1, "kind": "program"},
        {"name": "Syscall.ThreadsAreBounded", "inv": "SYS-2", "points": 1, "kind": "program"},
        {"name": "Syscall.ShortCallsMakeNoThread", "inv": "SYS-6", "points": 0.5, "kind": "program"},
        {"name": "Syscall.PoolBoundsThreads", "inv": "SYS-7", "points": 1, "kind": "program"},
    ],
    "mutants": [
        "keeps_its_p",
        "sleeps_on_no_list",
        "locks_on_the_way_back",
        "joins_no_queue",
        "looks_only_before",
        "retakes_in_two_steps",
        "returns_in_two_steps",
        "leaves_without_release",
        "hands_off_at_every_call",
        "last_come_first_served",
        "counts_the_granted_twice",
    ],
}
