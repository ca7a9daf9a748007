"""What //conformance:BUILD is made of."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def conformance_test(name, tags = []):
    """AREA/WHAT_test.cc as the test //conformance:AREA/WHAT_test.

    Its TESTs run on a plain thread and look at programs (MN_PROGRAM in the same file) from outside.
    """
    cc_test(
        name = name,
        size = "small",
        timeout = "moderate",  # a dozen processes, each of which may start slowly on a busy machine
        srcs = [name + ".cc"],
        tags = tags,
        deps = [
            ":support",
            "//runtime",
            "//runtime/testing:plain_gtest_main",
            "@com_google_googletest//:gtest",
        ],
    )

def _json_file_impl(ctx):
    out = ctx.actions.declare_file(ctx.attr.out)
    ctx.actions.write(out, ctx.attr.content)
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

_json_file = rule(
    implementation = _json_file_impl,
    attrs = {"content": attr.string(), "out": attr.string()},
)

def json_file(name, out, value):
    """A Starlark value as the JSON file `out`."""
    _json_file(name = name, out = out, content = json.encode_indent(value, indent = "  ") + "\n")
