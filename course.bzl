"""The manifest of the course: the one place where lessons, points, invariants,
cases, hints and limits are written down.

Pure literals. Bazel reads it with load(); programs read it as JSON
(//:course_json); //tools/judge:course_lint_test checks it against the judges,
the lesson pages and the mutants.

A lesson:
  id                 the name of its folders in lessons/, exercises/, solutions/
  title              a few words
  plug               the piece: //runtime/plug:PLUG_header is its contract
  points             = points of the cases + prediction_points + explain_points
  document_sections  of the reference document
  sa                 self-assessment items that it is evidence for
  solution           the text of the worked answer, for `wb diff`
  keep               the files that are the learner's; all others are ignored
  forbidden          regular expressions that must not match the learner's code
                     (comments excepted), the invariant that they would break,
                     and why
  needs              what the machine must have for the lesson: "cpus>=2",
                     "x86_64", "no_sanitizer", "no_tsan"
  build_timeout_s    for the grader
  case_timeout_s     until a case that does not end is stopped
  runs               runs of a case, each with a seed of its own; all must pass
  invariants         id, sentence (what must hold) and anchor (of the paragraph
                     in the lesson's README); the first one is XX-0, "the piece
                     does something at all"
  cases              name and the invariant it checks; "kind": "ratio" compares
                     with a baseline ("max") and may be inconclusive
  hints              in the order in which they are given
  demo_deps          of lessons/NN_name/demo.cc
"""

COURSE = {
    "id": "goroutines-vs-threads",
    "version": 1,
    "total": 100,
    "late": {"per_day": 0.1, "max_days": 3},
    "lessons": [
        {
            "id": "02_context_switch",
            "title": "the context switch",
            "plug": "context",
            "points": 6,
            "document_sections": [3],
            "sa": ["SA1"],
            "solution": "solutions/02_context_switch/context_switch.cc",
            "keep": [{"path": "context_switch.cc", "max_bytes": 65536}],
            "forbidden": [
                {
                    "pattern": "\\bfcontext|_fcontext\\b|boost/context|boost::context|runtime/ctx/",
                    "inv": "CTX-1",
                    "why": "the library's switch is what the runtime uses anyway: here you write your own",
                },
                {
                    "pattern": "\\bsetjmp\\b|\\blongjmp\\b",
                    "inv": "CTX-3",
                    "why": "longjmp may only go back to a function that has not returned, on the same stack",
                },
                {
                    "pattern": "ucontext|\\b(swap|make|get|set)context\\b",
                    "inv": "CTX-P",
                    "why": "swapcontext asks the kernel for the signal mask, in every swap",
                },
                {
                    "pattern": "\\bpthread_|\\bstd::j?thread\\b",
                    "inv": "CTX-P",
                    "why": "a thread for each context is what a context is there to avoid",
                },
            ],
            "needs": [],
            "build_timeout_s": 120,
            "case_timeout_s": 5,
            "runs": 3,
            "pass": "all",
            "invariants": [
                {"id": "CTX-0", "anchor": "ctx-0", "sentence": "The piece does something at all: a context that is swapped to runs."},
                {"id": "CTX-1", "anchor": "ctx-1", "sentence": "The registers that a function must preserve survive a swap: rbx, rbp, r12-r15 on x86-64; x19-x30 and d8-d15 on aarch64."},
                {"id": "CTX-2", "anchor": "ctx-2", "sentence": "At the entry the stack is aligned as after a call: rsp is 8 mod 16 on x86-64, sp is 0 mod 16 on aarch64; it begins at the top."},
                {"id": "CTX-3", "anchor": "ctx-3", "sentence": "A swap resumes exactly the context it names, where that one left off."},
                {"id": "CTX-4", "anchor": "ctx-4", "sentence": "The floating-point control state (mxcsr and the x87 control word; fpcr) belongs to the context, not to the thread."},
                {"id": "CTX-5", "anchor": "ctx-5", "sentence": "An entry function that returns reaches CtxReturned."},
                {"id": "CTX-6", "anchor": "ctx-6", "sentence": "Contexts are independent: 10 000 may be alive, nothing is shared."},
                {"id": "CTX-7", "anchor": "ctx-7", "sentence": "Exceptions stay in their context: unwinding ends at the entry, not in a neighbour's frames."},
                {"id": "CTX-P", "anchor": "ctx-p", "sentence": "A swap is at least five times cheaper than the kernel's switch between two threads."},
            ],
            "cases": [
                {"name": "Context.PingPong", "inv": "CTX-3", "points": 0.5, "visibility": "public"},
                {"name": "Context.RegistersSurvive", "inv": "CTX-1", "points": 1, "visibility": "public"},
                {"name": "Context.EntryAligned", "inv": "CTX-2", "points": 0.5, "visibility": "public"},
                {"name": "Context.FloatingPointControl", "inv": "CTX-4", "points": 0.5, "visibility": "public"},
                {"name": "Context.EntryReturns", "inv": "CTX-5", "points": 0.5, "visibility": "public"},
                {"name": "Context.TenThousand", "inv": "CTX-6", "points": 0.5, "visibility": "public"},
                {"name": "Context.ExceptionsStayHome", "inv": "CTX-7", "points": 0.5, "visibility": "public"},
                {"name": "Context.UncaughtEndsAtTheEntry", "inv": "CTX-7", "points": 0.5, "visibility": "public"},
                {"name": "Context.CheaperThanTheKernel", "inv": "CTX-P", "points": 0.5, "visibility": "public", "kind": "ratio", "max": 0.2, "needs": ["no_sanitizer"]},
            ],
            "prediction_points": 0.5,
            "explain_points": 0.5,
            "hints": [
                "lessons/02_context_switch/hints/1.md",
                "lessons/02_context_switch/hints/2.md",
                "lessons/02_context_switch/hints/3.md",
            ],
            "demo_deps": ["//runtime/plug:context"],
        },
        {
            "id": "04_run_queue",
            "title": "the local run queue",
            "plug": "run_queue",
            "points": 6,
            "document_sections": [3],
            "sa": ["SA1"],
            "solution": "runtime/sched/run_queue.cc",
            "keep": [{"path": "run_queue.cc", "max_bytes": 65536}],
            "forbidden": [
                {
                    "pattern": "\\bmutex\\b|\\bpthread_|\\bscoped_lock\\b|\\block_guard\\b|\\bunique_lock\\b|\\batomic_flag\\b|\\bsemaphore\\b",
                    "inv": "RQ-5",
                    "why": "a lock costs more than the switch that the queue serves, and a thief does not take it",
                },
                {
                    "pattern": "\\bdeque\\b|\\bstd::vector\\b|\\bstd::list\\b|\\bmalloc\\b|\\bnew\\b",
                    "inv": "RQ-5",
                    "why": "the ring is the storage: nothing is allocated to queue a goroutine",
                },
            ],
            "needs": [],
            "build_timeout_s": 120,
            "case_timeout_s": 8,
            "runs": 3,
            "pass": "all",
            "invariants": [
                {"id": "RQ-0", "anchor": "rq-0", "sentence": "The queue does something at all: what is put comes out."},
                {"id": "RQ-1", "anchor": "rq-1", "sentence": "FIFO: goroutines leave the ring in the order in which they entered."},
                {"id": "RQ-2", "anchor": "rq-2", "sentence": "runnext first: RunqGet returns runnext before the ring; a put with next=true moves the old runnext to the ring's tail."},
                {"id": "RQ-3", "anchor": "rq-3", "sentence": "Overflow: put number 257 moves half of the ring (the oldest 128) and then the new goroutine to the global queue, as one batch."},
                {"id": "RQ-4", "anchor": "rq-4", "sentence": "One owner, many thieves: no goroutine is lost or handed out twice, whenever a thief strikes."},
                {"id": "RQ-5", "anchor": "rq-5", "sentence": "Fast path: no lock and no allocation."},
                {"id": "RQ-6", "anchor": "rq-6", "sentence": "head and tail run freely over 32 bits: all holds across the wrap."},
                {"id": "RQ-7", "anchor": "rq-7", "sentence": "runnext shares the time slice: after 64 gets in a row from runnext past a waiting ring, the ring's head goes first."},
                {"id": "RQ-P", "anchor": "rq-p", "sentence": "A put and a get are faster than a locked std::deque."},
            ],
            "cases": [
                {"name": "RunQueue.Fifo", "inv": "RQ-1", "points": 0.5, "visibility": "public"},
                {"name": "RunQueue.RunnextFirst", "inv": "RQ-2", "points": 0.5, "visibility": "public"},
                {"name": "RunQueue.OverflowHalf", "inv": "RQ-3", "points": 1, "visibility": "public"},
                {"name": "RunQueue.ThiefAtEveryInstruction", "inv": "RQ-4", "points": 0.5, "visibility": "public", "needs": ["x86_64", "no_tsan"]},
                {"name": "RunQueue.TwoThieves", "inv": "RQ-4", "points": 0.5, "visibility": "public"},
                {"name": "RunQueue.FastPath", "inv": "RQ-5", "points": 0.5, "visibility": "public"},
                {"name": "RunQueue.WrapAround", "inv": "RQ-6", "points": 0.5, "visibility": "public"},
                {"name": "RunQueue.RunnextShares", "inv": "RQ-7", "points": 0.5, "visibility": "public"},
                {"name": "RunQueue.FasterThanMutex", "inv": "RQ-P", "points": 0.5, "visibility": "public", "kind": "ratio", "max": 0.8, "needs": ["cpus>=2", "no_sanitizer"]},
            ],
            "prediction_points": 0.5,
            "explain_points": 0.5,
            "hints": [
                "lessons/04_run_queue/hints/1.md",
                "lessons/04_run_queue/hints/2.md",
                "lessons/04_run_queue/hints/3.md",
            ],
            "demo_deps": ["//runtime/plug:run_queue"],
        },
    ],
}
