"""Finds every outside library in the Debian packages that ./setup installs.

Why: a build that needs no network gives the same answer on a train, in a classroom behind a proxy
and in CI. Every repository carries the name and the target labels that the project has upstream or
in the Bazel Central Registry, so that BUILD files do not know where a library came from.

  @com_google_absl//absl/...      libabsl-dev             its pkg-config files, one target each
  @com_google_googletest//:gtest  googletest              compiled from /usr/src/googletest
  @boost.context, @boost.fiber    libboost-*-dev          the static libraries
  @nlohmann_json//:json           nlohmann-json3-dev      headers only
  @libbacktrace                   gcc                     libbacktrace.a and its header
  @libseccomp                     libseccomp-dev          the shared library and its header
  @rules_cc, @rules_java          Bazel's own native rules (Bazel 4), Debian's copies (Bazel 7)
  @rules_shell                    Bazel's own native rules
  @remote_coverage_tools          lcov_merge.py           for `bazel coverage`

A missing package fails with one line that names it. All rules are `local`: what is installed later
is seen by the next build without `bazel clean --expunge`.
"""

_PUBLIC = 'package(default_visibility = ["//visibility:public"])\n'

def _missing(what):
    fail("%s is not installed: run ./setup" % what)

def _build(ctx, content, package = ""):
    ctx.file((package + "/" if package else "") + "BUILD.bazel", _PUBLIC + content, executable = False)

def _find_library(ctx, name, package):
    """The directory of the file `name` (multiarch: /usr/lib/x86_64-linux-gnu and the like)."""
    for base in ["/usr/lib", "/usr/local/lib", "/usr/lib64"]:
        base = ctx.path(base)
        if base.exists:
            for d in [base] + base.readdir():
                file = ctx.path("%s/%s" % (d, name))
                if file.exists:
                    return file.dirname
    _missing(package)

# ---------------------------------------------------------------------------------------- Abseil
# Bazel package -> targets, each spelled as its pkg-config file (absl_NAME.pc) and, where the label
# differs, `:label`. A target whose .pc file this Abseil does not have is left out.
_ABSL = {
    "algorithm": ["algorithm", "algorithm_container:container"],
    "base": ["base", "config", "core_headers", "log_severity", "no_destructor", "nullability", "prefetch"],
    "cleanup": ["cleanup"],
    "container": [
        "btree",
        "fixed_array",
        "flat_hash_map",
        "flat_hash_set",
        "inlined_vector",
        "node_hash_map",
        "node_hash_set",
    ],
    "debugging": ["failure_signal_handler", "leak_check", "stacktrace", "symbolize"],
    "flags": ["flags:flag", "flags_parse:parse", "flags_reflection:reflection", "flags_usage:usage"],
    "functional": ["any_invocable", "bind_front", "function_ref", "overload"],
    "hash": ["hash"],
    "memory": ["memory"],
    "meta": ["type_traits"],
    "numeric": ["bits", "int128"],
    "random": ["random_random:random", "random_bit_gen_ref:bit_gen_ref"],
    "status": ["status", "statusor"],
    "strings": ["cord", "str_format", "string_view", "strings"],
    "synchronization": ["synchronization"],
    "time": ["time"],
    "types": ["any", "optional", "span", "variant"],
    "utility": ["utility"],
}

def _absl_impl(ctx):
    have = {}
    lines = []
    for pc in _find_library(ctx, "pkgconfig/absl_base.pc", "libabsl-dev").readdir():
        if not (pc.basename.startswith("absl_") and pc.basename.endswith(".pc")):
            continue
        name = pc.basename[:-len(".pc")]
        have[name] = True
        deps, libs = [], []
        for line in ctx.read(pc).splitlines():
            key, _, value = line.partition(":")
            if key == "Requires":
                deps = [r.strip().split(" ")[0] for r in value.split(",") if r.strip()]
            elif key == "Libs":
                libs = [f for f in value.split(" ") if f.startswith("-l")]
        deps = [":" + d for d in deps if d != name]
        lines.append("cc_library(name = %r, deps = %r, linkopts = %r)" % (name, deps, libs))
    _build(ctx, "\n".join(lines) + "\n")
    for package, targets in _ABSL.items():
        out = []
        for target in targets:
            pc, _, label = target.partition(":")
            if "absl_" + pc in have:
                out.append("alias(name = %r, actual = %r)" % (label or pc, "//:absl_" + pc))
        _build(ctx, "\n".join(out) + "\n", "absl/" + package)

_absl = repository_rule(implementation = _absl_impl, local = True)

# ------------------------------------------------------------------------------------ GoogleTest
def _googletest_impl(ctx):
    for part in ["googletest", "googlemock"]:
        src = ctx.path("/usr/src/googletest").get_child(part)
        if not src.exists:
            _missing("googletest")
        ctx.symlink(src, part)
    _build(ctx, """
cc_library(
    name = "gtest",
    srcs = ["googletest/src/gtest-all.cc", "googlemock/src/gmock-all.cc"],
    hdrs = glob(["googletest/include/**/*.h", "googlemock/include/**/*.h"]),
    # The two -all.cc files include the other sources.
    textual_hdrs = glob(["googletest/src/*", "googlemock/src/*"], exclude = ["**/*_main.cc", "**/*-all.cc"]),
    copts = ["-w"],
    includes = ["googlemock", "googlemock/include", "googletest", "googletest/include"],
    linkopts = ["-pthread"],
)
cc_library(
    name = "gtest_main",
    srcs = ["googlemock/src/gmock_main.cc"],
    copts = ["-w"],
    deps = [":gtest"],
)
""")

_googletest = repository_rule(implementation = _googletest_impl, local = True)

# ----------------------------------------------------------------------------------------- Boost
# The static libraries: a switch is then a direct call, not one through the PLT.
def _boost_impl(ctx):
    flags = []
    for name in [ctx.attr.library] + ctx.attr.needs:
        _find_library(ctx, "libboost_%s.a" % name, "libboost-%s-dev" % name)
        flags.append("-l:libboost_%s.a" % name)
    _build(ctx, "cc_library(name = %r, linkopts = %r)\n" % ("boost." + ctx.attr.library, flags + ["-pthread"]))

_boost = repository_rule(
    implementation = _boost_impl,
    attrs = {"library": attr.string(mandatory = True), "needs": attr.string_list()},
    local = True,
)

# --------------------------------------------------------------------------------- nlohmann/json
def _json_impl(ctx):
    if not ctx.path("/usr/include/nlohmann/json.hpp").exists:
        _missing("nlohmann-json3-dev")
    _build(ctx, 'cc_library(name = "json")\n')

_json = repository_rule(implementation = _json_impl, local = True)

# ---------------------------------------------------------------------------------- libbacktrace
# gcc ships it in its private directories: the header is taken out of there, alone, so that clang
# finds it without seeing gcc's intrinsics.
def _libbacktrace_impl(ctx):
    gcc = ctx.which("gcc")
    if not gcc:
        _missing("gcc")
    for file, name in [
        ("libbacktrace.a", "libbacktrace.a"),
        ("include/backtrace.h", "include/backtrace.h"),
    ]:
        path = ctx.execute([gcc, "-print-file-name=" + file]).stdout.strip()
        if not path.startswith("/"):  # gcc echoes the name of what it does not have
            _missing("gcc's " + file)
        ctx.symlink(path, name)
    _build(ctx, """
cc_library(
    name = "libbacktrace",
    srcs = ["libbacktrace.a"],
    hdrs = ["include/backtrace.h"],
    includes = ["include"],
)
""")

_libbacktrace = repository_rule(implementation = _libbacktrace_impl, local = True)

# ------------------------------------------------------------------------------------ libseccomp
def _libseccomp_impl(ctx):
    if not ctx.path("/usr/include/seccomp.h").exists:
        _missing("libseccomp-dev")
    _build(ctx, 'cc_library(name = "libseccomp", linkopts = ["-lseccomp"])\n')

# Public, since MODULE.bazel takes it as well.
libseccomp_repository = repository_rule(implementation = _libseccomp_impl, local = True)

# -------------------------------------------------------------------------- what Bazel itself asks
def _files_impl(ctx):
    for path, content in ctx.attr.files.items():
        ctx.file(path, content, executable = False)

_files = repository_rule(implementation = _files_impl, attrs = {"files": attr.string_dict()})

def _forward(rules):
    return "\n".join(["def %s(**kwargs):\n    native.%s(**kwargs)\n" % (r, r) for r in rules])

_CC_RULES = ["cc_binary", "cc_import", "cc_library", "cc_shared_library", "cc_test", "cc_toolchain", "cc_toolchain_suite"]
_JAVA_RULES = ["java_binary", "java_import", "java_library", "java_runtime", "java_test", "java_toolchain"]

# Bazel 7's rule sets as Debian 13 packages them; without these lines it would download them.
_DEBIAN_RULES = {
    "bazel_features": "/usr/share/bazel/tools/features",
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_cc": "/usr/share/bazel/rules/cc",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_license": "/usr/share/bazel/rules/license",
    "rules_proto": "/usr/share/bazel/rules/proto",
    "rules_python": "/usr/share/bazel/rules/python",
}

def _coverage_tools_impl(ctx):
    ctx.symlink(ctx.attr.script, "lcov_merge.py")
    _build(ctx, "".join([
        'sh_binary(name = "%s", srcs = ["lcov_merge.py"])\n' % name
        for name in ["coverage_report_generator", "lcov_merger"]
    ]))

_coverage_tools = repository_rule(
    implementation = _coverage_tools_impl,
    attrs = {"script": attr.label(mandatory = True)},
)

def debian_repositories():
    """Declares all of the above."""
    if hasattr(native, "module_name"):  # Bazel 6 and later
        for name, path in _DEBIAN_RULES.items():
            native.local_repository(name = name, path = path)
    else:
        for name, package, rules in [("rules_cc", "cc", _CC_RULES), ("rules_java", "java", _JAVA_RULES)]:
            _files(name = name, files = {
                "BUILD.bazel": "",
                package + "/BUILD.bazel": "",
                package + "/defs.bzl": _forward(rules),
            })
    _files(name = "rules_shell", files = {
        "BUILD.bazel": "",
        "shell/BUILD.bazel": "",
        "shell/sh_binary.bzl": _forward(["sh_binary"]),
        "shell/sh_library.bzl": _forward(["sh_library"]),
        "shell/sh_test.bzl": _forward(["sh_test"]),
    })
    _coverage_tools(name = "remote_coverage_tools", script = "//third_party:lcov_merge.py")
    _absl(name = "com_google_absl")
    _googletest(name = "com_google_googletest")
    _boost(name = "boost.context", library = "context")
    _boost(name = "boost.fiber", library = "fiber", needs = ["context"])
    _json(name = "nlohmann_json")
    _libbacktrace(name = "libbacktrace")
    libseccomp_repository(name = "libseccomp")
