"""Models of the explorer, and their mutants."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load("@rules_shell//shell:sh_test.bzl", "sh_test")

# A null pointer is the explorer's to report: UBSan's check would end the process, not the schedule.
NULL_ENDS_THE_SCHEDULE = [
    "-fno-sanitize=null",
    "-fno-sanitize=nonnull-attribute",
]

# -fsanitize=thread only makes the compiler report plain loads and stores (sim/hooks.cc); nothing of
# ThreadSanitizer is linked. Checks stay on, whatever the compilation mode. Memory comes from the
# execution's arena, mapped memory too (sim/arena.cc).
_COPTS = [
    "-O2",
    "-UNDEBUG",
    "-DMN_SIM=1",
    "-Dmmap=mn_sim_mmap",
    "-fsanitize=thread",
] + NULL_ENDS_THE_SCHEDULE

# The explorer has its own stacks, allocator and hooks: with a sanitizer's it does not link.
NOT_SANITIZED = select({
    "//runtime/sim:asan": ["//runtime/sim:unsanitized"],
    "//runtime/sim:tsan": ["//runtime/sim:unsanitized"],
    "//conditions:default": [],
})

# The runtime's text, by what a model needs: paths below runtime/.
PRIMITIVES = [
    "core/atomic.h",
    "core/fatal.h",
    "core/lock.cc",
    "core/lock.h",
    "core/sanitizer.h",
    "time.h",
]

QUEUES = PRIMITIVES + [
    "core/g.h",
    "core/gqueue.cc",
    "core/gqueue.h",
    "core/m.h",
    "core/p.h",
    "core/park_check.h",
    "core/sched.cc",
    "core/sched.h",
    "core/status.h",
    "ctx/context.cc",
    "plug/context.h",
    "plug/run_queue.h",
    "sched/globrunq.cc",
    "sched/globrunq.h",
    "sched/run_queue.cc",
    "sched/steal.cc",
    "sched/steal.h",
    "timer/timers.cc",
    "timer/timers.h",
]

SCHEDULER = QUEUES + [
    "core/getg.cc",
    "core/getg.h",
    "core/in_runtime.h",
    "ctx/stack.h",
    "ctx/switch.h",
    "go.h",
    "net/netpoll.h",
    "sched/deadlock.h",
    "sched/find_runnable.cc",
    "sched/idle.cc",
    "sched/idle.h",
    "sched/lockedm.cc",
    "sched/lockedm.h",
    "sched/park.cc",
    "sched/park.h",
    "sched/runtime_call.h",
    "sched/schedule.cc",
    "sched/schedule.h",
    "sched/spinning.cc",
    "sched/spinning.h",
    "sched/stw.h",
    "sched/syscall.cc",
    "sched/syscall.h",
    "sched/sysmon.h",
    "sched/threads.h",
    "syscall.h",
]

# What stands around the runtime's text: files of //runtime/sim/host.
_HOST = ["primitives.cc"]
WORLD = [
    "world.cc",
    "world.h",
]

# Included by headers, not compiled by themselves.
_TEXTUAL = [
    "ctx/context.cc",
    "sched/run_queue.cc",
]

def _label(text):
    package, _, name = text.rpartition("/")
    return "//runtime%s:%s" % ("/" + package if package else "", name)

def mutant(file, sed, kind, flags = []):
    """A mistake that a model must find.

    Args:
      file: below runtime/.
      sed: changes exactly one place of it (sed -z: \\n is a line's end).
      kind: of the violation that it causes.
      flags: for the search.
    """
    return struct(file = file, sed = sed, kind = kind, flags = flags)

def sim_model(name, text, host = [], mutants = {}, size = "small"):
    """The model NAME.cc: a program NAME, NAME_test, and for each mutant M a program M and M_test.

    Args:
      name: of the model.
      text: what it compiles of the runtime: PRIMITIVES, QUEUES or SCHEDULER.
      host: what it needs of //runtime/sim/host: nothing or WORLD.
      mutants: from a name to a mutant().
      size: of the test.
    """
    host = _HOST + host
    cc_binary(
        name = name,
        srcs = [name + ".cc"] + ["//runtime/sim:host/" + h for h in host] +
               [_label(t) for t in text if t not in _TEXTUAL],
        copts = _COPTS,
        target_compatible_with = NOT_SANITIZED,
        deps = [
            "//runtime/sim:main",
            "//runtime/sim:textual",
        ],
    )
    sh_test(
        name = name + "_test",
        size = size,
        srcs = ["//runtime/sim:clean_test.sh"],
        args = ["$(location :%s)" % name],
        data = [":" + name],
        target_compatible_with = NOT_SANITIZED,
    )
    for m, what in mutants.items():
        copies = ["sim/models/%s.cc" % name] + ["sim/host/" + h for h in host] + text
        compiled = [c for c in copies if c.endswith(".cc") and c not in _TEXTUAL]
        native.genrule(
            name = m + "_text",
            srcs = [name + ".cc"] + ["//runtime/sim:host/" + h for h in host] + [_label(t) for t in text],
            outs = ["%s_tree/%s" % (m, c) for c in copies],
            cmd = "$(location //runtime/sim:mutate.sh) runtime/sim/models/%s_tree $(RULEDIR)/%s_tree %s '%s' $(SRCS)" % (
                m,
                m,
                what.file,
                what.sed.replace("$", "$$"),
            ),
            exec_tools = ["//runtime/sim:mutate.sh"],
        )

        # All of it as one file: twenty compilations less a mutant.
        native.genrule(
            name = m + "_all",
            outs = [m + "_all.cc"],
            cmd = "printf '#include \"runtime/sim/models/%s_tree/%%s\"\\n' %s >$@" % (m, " ".join(compiled)),
        )
        cc_library(
            name = m + "_textual",
            textual_hdrs = ["%s_tree/%s" % (m, c) for c in copies],
            deps = ["@boost.context//:boost.context"],
        )
        cc_binary(
            name = m,
            srcs = [m + "_all.cc"],
            copts = _COPTS,
            target_compatible_with = NOT_SANITIZED,
            deps = [
                ":%s_textual" % m,
                "//runtime/sim:main",
            ],
        )
        sh_test(
            name = m + "_test",
            size = "small",
            srcs = ["//runtime/sim:mutant_test.sh"],
            args = ["$(location :%s)" % m, "'%s'" % what.kind] + what.flags,
            data = [":" + m],
            target_compatible_with = NOT_SANITIZED,
        )
