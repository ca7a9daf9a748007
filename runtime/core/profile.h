// A profile decides where the document and Go 1.27 contradict each other and
// both make sense.
//
// The build chooses with --//runtime:profile=document, which is the default, or
// with =go. MN_PROFILE=document or =go in the environment overrules the build
// at start-up.
//
//                             document                 go
//   quota of half a CPU       GOMAXPROCS 1             2
//   idle threads              end after a while        stay for ever
//   SCHED line                [0 0], no schedticks     [ 0 0 ] schedticks=[..]
#pragma once

namespace mn {

enum class Profile { kDocument, kGo };

// Returns the profile of this process. Any thread. The answer never changes.
// Ends the process if MN_PROFILE is neither of the two names.
Profile CurrentProfile();

}  // namespace mn
