"""What //conformance:BUILD is made of."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def conformance_test(name, tags = []):
    """AREA/WHAT_test.cc as the test //conformance:AREA/WHAT_test.

    Its CLAIMs run on a plain thread and look at programs (MN_PROGRAM in the same file) from outside.
    """
    cc_test(
        name = name,
        size = "small",
        timeout = "moderate",  # a dozen processes, each of which may start slowly on a busy machine
        srcs = [name + ".cc"],
        tags = tags,
        deps = [
            ":claim",
            ":main",
            ":support",
            "//runtime",
            "@com_google_googletest//:gtest",
        ],
    )
