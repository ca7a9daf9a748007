#include "tools/judge/subject.h"

namespace mn::judge {

const Subject kSubject = {MN_SUBJECT_LESSON, MN_SUBJECT_PROGRAM,
                          MN_SUBJECT_SOURCE, MN_SUBJECT_STARTER};

}  // namespace mn::judge
