"""The course: its lessons in order, and what they add up to.

Each lesson owns its manifest, lessons/NN_name/lesson.bzl. What its fields mean
is said in //tools/judge:manifest.bzl. Programs read all of it as JSON
(//:course_json).
"""

load("//lessons/02_context_switch:lesson.bzl", LESSON_02 = "LESSON")
load("//lessons/03_park_ready:lesson.bzl", LESSON_03 = "LESSON")
load("//lessons/04_run_queue:lesson.bzl", LESSON_04 = "LESSON")
load("//lessons/07_syscall_handoff:lesson.bzl", LESSON_07 = "LESSON")
load("//tools/judge:manifest.bzl", "whole")

COURSE = {
    "id": "goroutines-vs-threads",
    "version": 1,
    "total": 100,
    "late": {"per_day": 0.1, "max_days": 3},
    "lessons": [whole(lesson) for lesson in [
        LESSON_02,
        LESSON_03,
        LESSON_04,
        LESSON_07,
    ]],
}
