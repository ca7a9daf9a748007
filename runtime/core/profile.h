// Profiles: where the document and Go 1.27 contradict each other and both make
// sense, a switch decides. Built with --//runtime:profile=document (the
// default) or =go; MN_PROFILE=document|go in the environment overrides it at
// start-up.
//
//                             document                 go
//   quota of half a CPU       GOMAXPROCS 1             2
//   idle threads              end after a while        stay for ever
//   SCHED line                [0 0], no schedticks     [ 0 0 ] schedticks=[..]
#pragma once

namespace mn {

enum class Profile { kDocument, kGo };

// Any thread. The same answer for the life of the process.
Profile CurrentProfile();

}  // namespace mn
