"""Writes course.bzl as JSON, for programs."""

load("//:course.bzl", "COURSE")

def _course_json_impl(ctx):
    out = ctx.actions.declare_file("course.json")
    ctx.actions.write(out, json.encode_indent(COURSE, indent = "  ") + "\n")
    return [DefaultInfo(
        files = depset([out]),
        runfiles = ctx.runfiles([out]),
    )]

course_json = rule(implementation = _course_json_impl)
