// The commands of wb: the table, and what each one is.
//
// Every command gets the words after its name and returns the exit status (see
// context.h). Each prints one next step, so that nobody needs this list.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wb/context.h"

namespace mn::wb {

using Args = std::vector<std::string>;

int CmdWatch(Context& context, const Args& args);
int CmdList(Context& context, const Args& args);
int CmdShow(Context& context, const Args& args);  // `wb 04`
int CmdRead(Context& context, const Args& args);
int CmdPredict(Context& context, const Args& args);
int CmdMeasure(Context& context, const Args& args);
int CmdTest(Context& context, const Args& args);
int CmdReplay(Context& context, const Args& args);
int CmdHint(Context& context, const Args& args);
int CmdExplain(Context& context, const Args& args);
int CmdDiff(Context& context, const Args& args);
int CmdReset(Context& context, const Args& args);
int CmdUpdate(Context& context, const Args& args);
int CmdScratch(Context& context, const Args& args);
int CmdPlug(Context& context, const Args& args);
int CmdUnplug(Context& context, const Args& args);
int CmdDoctor(Context& context, const Args& args);
int CmdHelp(Context& context, const Args& args);

struct CommandEntry {
  std::string_view name;
  std::string_view usage;  // what follows the name
  std::string_view what;   // one line
  int (*run)(Context&, const Args&);
  int max_args;
  std::string_view example;  // what follows wb
  std::string_view more;  // what one would want to know before the first time
};
std::span<const CommandEntry> Commands();

// Runs the command that words[0] names; no words: watch mode; a lesson: shows
// it. Anything else names the nearest command and lists them all.
int Dispatch(Context& context, const std::vector<std::string>& words);

// The text of `wb help`.
std::string HelpText(const Context& context);

}  // namespace mn::wb
