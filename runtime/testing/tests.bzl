"""Rules for tests of the runtime."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")

def _tags(name, kwargs):
    """The test's tags; a stress test, by its name, is tagged so that all can be repeated."""
    return kwargs.pop("tags", []) + (["stress"] if "stress" in name else [])

def mn_test(name, srcs, procs = None, env = {}, copts = [], deps = [], size = "small", **kwargs):
    """A GoogleTest program whose TESTs run in goroutine 1.

    Args:
      name: of the test; with `procs`, of the suite of all of them.
      srcs: its sources.
      procs: values of GOMAXPROCS: one test NAME_pN for each. Without, the number of CPUs.
      env: more environment variables.
      copts: more options for compiling srcs.
      deps: //runtime and what brings main() are added.
      size: as for every test.
      **kwargs: passed on to cc_test.
    """
    all_deps = deps + [
        "//runtime",
        "//runtime/testing:kernel_threads",
        "//runtime/testing:mn_gtest_main",
        "//runtime/testing:needs",
        "//runtime/testing:park_calls",
        "//runtime/testing:program",
        "//runtime/testing/stress",
        "@com_google_googletest//:gtest",
    ]
    tags = _tags(name, kwargs)
    if procs == None:
        cc_test(name = name, srcs = srcs, size = size, env = env, copts = copts, tags = tags, deps = all_deps, **kwargs)
        return

    # Compiled once, linked len(procs) times.
    cc_library(
        name = name + "_compiled",
        testonly = True,
        srcs = srcs,
        copts = copts,
        linkstatic = True,
        alwayslink = True,
        deps = all_deps,
    )
    for n in procs:
        cc_test(
            name = "%s_p%d" % (name, n),
            size = size,
            env = dict(env, GOMAXPROCS = str(n)),
            tags = tags,
            deps = [":%s_compiled" % name],
            **kwargs
        )
    native.test_suite(
        name = name,
        tests = ["%s_p%d" % (name, n) for n in procs],
    )

def mn_plain_test(name, deps = [], size = "small", **kwargs):
    """A GoogleTest program without a running runtime."""
    cc_test(
        name = name,
        size = size,
        tags = _tags(name, kwargs),
        deps = deps + [
            "//runtime/testing:bare_program",
            "//runtime/testing:plain_gtest_main",
            "//runtime/testing/stress",
            "@com_google_googletest//:gtest",
        ],
        **kwargs
    )
