"""Lesson 03. //tools/judge:manifest.bzl says what the fields mean."""

LESSON = {
    "id": "03_park_ready",
    "title": "park and ready",
    "plug": "park",
    "solution": "runtime/sched/park.cc",
    "schedules": {
        "model": "park",
        "replaces": "sched/park.cc",
        "broke": [
            ("deadlock", "PARK-1"),
            ("MN-7", "PARK-1"),
            ("PARK-3", "PARK-3"),
            ("livelock", "PARK-4"),
            ("fatal error", "PARK-5"),
            ("data race", "PARK-5"),
        ],
    },
    "minutes": 90,
    "points": 6,
    "document_sections": [3],
    "sa": ["SA1"],
    "forbidden": [
        {
            "pattern": "\\bsleep|\\busleep\\b|\\bnanosleep\\b|sched_yield|this_thread",
            "inv": "PARK-4",
            "why": "a thread that waits a little and looks again costs CPU time, and is late",
        },
        {
            "pattern": "\\bstd::(mutex|condition_variable|atomic)\\b|\\bpthread_",
            "inv": "PARK-1",
            "why": "the lock of the waker is enough: the commit releases it",
        },
    ],
    "invariants": {
        "PARK-0": "The piece does something at all: a goroutine that parks leaves its thread, and runs again after Goready.",
        "PARK-1": "No wake-up is lost: a goroutine that parks and is made ready runs again, in whatever order the steps of the two fall.",
        "PARK-2": "Goready of a goroutine that does not wait ends the program with a fatal error.",
        "PARK-3": "A goroutine's status takes legal steps only: from running to waiting, from waiting to runnable, from runnable to running.",
        "PARK-4": "A parked goroutine costs no CPU time.",
        "PARK-5": "A commit runs when the goroutine counts as waiting and has left its stack, never before.",
    },
    "cases": [
        {"name": "Park.NoLostWakeup", "inv": "PARK-1", "points": 1, "kind": "schedules", "configs": ["one_p", "semaphore", "two_waiters:1"]},
        {"name": "Park.OnlyLegalSteps", "inv": "PARK-3", "points": 1, "kind": "schedules", "configs": ["twice"]},
        {"name": "Park.CommitComesLast", "inv": "PARK-5", "points": 1.5, "kind": "schedules", "configs": ["commit"]},
        {"name": "Park.ReadyOfARunner", "inv": "PARK-2", "points": 0.5, "kind": "program"},
        {"name": "Park.CostsNothing", "inv": "PARK-4", "points": 1, "kind": "program"},
    ],
    "mutants": [
        "forgets_to_unlock",
        "wakes_nobody",
        "loses_the_refused",
        "ready_of_anybody",
        "ready_runs_at_once",
        "watches_until_woken",
        "commit_before_waiting",
        "unlock_first",
        "unlock_before_switch",
    ],
}
