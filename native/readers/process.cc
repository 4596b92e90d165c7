// Parses /proc/PID/stat and /proc/PID/io. Host thread; owned by JobReader.
#include "readers/process.h"

#include "readers/scanner.h"
#include "readers/units.h"

namespace nvpulse {

namespace {

void SkipWords(Scanner& line, int count) {
  for (int i = 0; i < count; i++) line.Word();
}

}  // namespace

bool ParseStat(std::string_view text, ProcessStat* stat) {
  // The name stands in parentheses and may hold any character, these and newlines too: its end is the last
  // one.
  size_t open = text.find('(');
  size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
  stat->name.assign(text.substr(open + 1, close - open - 1));
  Scanner line(text.substr(close + 1));
  std::string_view state = line.Word();
  if (state.size() != 1 || !line.Number(&stat->parent)) return false;
  stat->state = state[0];
  SkipWords(line, 9);  // pgrp … cmajflt
  uint64_t times[4];
  if (!line.Numbers(times, 4)) return false;
  stat->user = times[0];
  stat->system = times[1];
  stat->children_user = times[2];
  stat->children_system = times[3];
  SkipWords(line, 2);  // priority, nice
  if (!line.Number(&stat->threads)) return false;
  SkipWords(line, 1);  // itrealvalue
  if (!line.Number(&stat->start)) return false;
  SkipWords(line, 1);  // vsize
  return line.Number(&stat->rss_pages);
}

Process::Process(const std::string& root, int pid)
    : pid_(pid),
      stat_file_(root + "/proc/" + std::to_string(pid) + "/stat"),
      io_file_(root + "/proc/" + std::to_string(pid) + "/io") {}

bool Process::Read(Buffer& buffer, bool keep_open) {
  stat_file_.Open();
  io_file_.Open();
  bool lives = ReadStat(buffer);
  if (lives) ReadIo(buffer);
  if (!keep_open) {
    stat_file_.Close();
    io_file_.Close();
  }
  return lives;
}

bool Process::ReadStat(Buffer& buffer) {
  Reading reading = stat_file_.Read(buffer);
  ProcessStat now;
  if (!reading.ok() || !ParseStat(reading.text, &now)) return false;
  if (was_read_ && now.start != stat_.start) return false;
  stat_ = std::move(now);
  was_read_ = true;
  return true;
}

void Process::ReadIo(Buffer& buffer) {
  Reading reading = io_file_.Read(buffer);
  if (reading.status == kGone && io_.status == kOk)
    return;  // It ended just now: what it had is the best we know.
  ProcessIo io;
  io.status = reading.status;
  int found = 0;
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    std::string_view key = line.Word();
    if (key == "read_bytes:") found += line.Number(&io.read__B);
    if (key == "write_bytes:") found += line.Number(&io.write__B);
  }
  if (io.status == kOk && found != 2) io.status = kReadFailed;
  io_ = io;
}

double Process::rss__MiB() const { return PagesToMiB(stat_.rss_pages); }

}  // namespace nvpulse
