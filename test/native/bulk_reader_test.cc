// A reader whose driver is reloaded: it looks for it on another thread, and is read and destroyed meanwhile.
#include <stdlib.h>

#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "sampler/bulk_reader.h"
#include "sampler/clock.h"

using namespace nvpulse;

TEST(AReaderReadsOnWhenItsDriverIsBack) {
  // Read by the simulator at its first init; this process has one test, so nobody came before.
  setenv("NVPULSE_SIM_FAULTS", "driver_reload,at=50ms,for=50ms", 1);
  std::string reason;
  const std::vector<int> columns{gpu::power_draw__W, gpu::fan_speed__pct};
  const std::unique_ptr<BulkReader> reader = BulkReader::Open(SIMULATOR, columns, &reason);
  std::unique_ptr<BulkReader> leaving = BulkReader::Open(SIMULATOR, columns, &reason);
  if (!EXPECT(reader) || !EXPECT(leaving)) return;
  const size_t cells = reader->devices() * reader->columns();
  if (!EXPECT_EQ(cells, 16u)) return;
  std::vector<double> values(cells);
  std::vector<Status> status(cells);
  const auto read = [&](BulkReader& from) {
    from.Read(values.data(), status.data());
    return status[cells - 2];
  };
  const int64_t end_ns = MonotonicNs() + 30'000'000'000;
  while (read(*reader) == kOk && MonotonicNs() < end_ns) {
  }
  EXPECT(status[cells - 2] != kOk);
  read(*leaving);
  read(*leaving);  // it has a thread that looks
  leaving.reset();
  while (read(*reader) != kOk && MonotonicNs() < end_ns) {
  }
  for (size_t cell = 0; cell < cells; cell += 2) {
    EXPECT_EQ(status[cell], kOk);
    EXPECT_GE(values[cell], 100.0);
    EXPECT_EQ(status[cell + 1], nvml::kNotSupported);
  }
}
