// Parses /proc/meminfo, whose lines are "Key:   number kB". Host thread; owned by HostReader.
#include "readers/memory.h"

#include "readers/scanner.h"
#include "readers/units.h"

namespace nvpulse {

namespace {

struct Figure {
  std::string_view key;
  std::optional<double> MiB;
};

// False once all have been found.
bool Find(Figure* figures, int count, Scanner& line) {
  std::string_view key = line.Word();
  bool missing = false;
  for (int i = 0; i < count; i++) {
    uint64_t kib = 0;
    if (!figures[i].MiB && key == figures[i].key && line.Number(&kib)) figures[i].MiB = kib / kKiBPerMiB;
    missing = missing || !figures[i].MiB;
  }
  return missing;
}

void SetOrFail(Row<memory::kColumns>& row, int column, std::optional<double> value) {
  if (value) {
    row.Set(column, *value);
  } else {
    row.Fail(column, kUnsupported);
  }
}

std::optional<double> Difference(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::optional<double>(*a - *b) : std::nullopt;
}

}  // namespace

void MemoryReader::Read(Pass& pass) {
  Reading reading = meminfo_.Read(pass);
  if (!instance_) instance_ = pass.sink.AddInstance(Entity::kMemory, {});
  // MemAvailable came with Linux 3.14; figures that a kernel lacks are unsupported, one by one.
  Figure figures[] = {{"MemTotal:", {}}, {"MemAvailable:", {}}, {"SwapTotal:", {}}, {"SwapFree:", {}}};
  for (Scanner line(reading.text); !line.AtEnd() && Find(figures, 4, line); line.NextLine()) {
  }
  const auto& [total, available, swap_total, swap_free] = figures;
  Row<memory::kColumns> row;
  SetOrFail(row, memory::memory_total__MiB, total.MiB);
  SetOrFail(row, memory::memory_available__MiB, available.MiB);
  SetOrFail(row, memory::memory_used__MiB, Difference(total.MiB, available.MiB));
  SetOrFail(row, memory::swap_used__MiB, Difference(swap_total.MiB, swap_free.MiB));
  if (!reading.ok()) {
    for (int column = 0; column < memory::kColumns; column++) row.Fail(column, reading.status);
  }
  pass.sink.Append(Entity::kMemory, *instance_, reading.time_ns, row);
}

}  // namespace nvpulse
