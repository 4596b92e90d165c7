// Runs the subjects in turn and puts the host's row together. Host thread; owned by the sampler.
#include "readers/host.h"

#include <unistd.h>

#include <mutex>
#include <optional>
#include <utility>

#include "readers/cpu.h"
#include "readers/disk.h"
#include "readers/filesystem.h"
#include "readers/job.h"
#include "readers/memory.h"
#include "readers/network.h"
#include "readers/pressure.h"
#include "readers/scanner.h"

namespace nvpulse {

namespace {

std::string HostName() {
  char name[256] = "";
  gethostname(name, sizeof(name) - 1);
  return name;
}

}  // namespace

struct HostReader::Subjects {
  explicit Subjects(const std::string& at)
      : root(at),
        cpu(at),
        pressure(at),
        loadavg(at + "/proc/loadavg"),
        memory(at),
        disk(at),
        network(at),
        filesystem(at) {}

  void ReadHost(Pass& pass);
  void ReadJob(Pass& pass);
  int64_t ReadLoad(Pass& pass, Row<host::kColumns>& row);

  const std::string root;
  Buffer buffer;
  std::optional<uint32_t> host_instance;
  CpuReader cpu;
  PressureReader pressure;
  ProcFile loadavg;
  MemoryReader memory;
  DiskReader disk;
  NetworkReader network;
  FilesystemReader filesystem;
  std::unique_ptr<JobReader> job;
  std::vector<int> pids;  ///< Kept for its memory.

  std::mutex mutex;  ///< Guards what follows.
  bool has_next = false;
  std::unique_ptr<JobReader> next;  ///< To be followed from the next reading on; null: none.
  JobProcesses processes;
};

void HostReader::Subjects::ReadHost(Pass& pass) {
  if (!host_instance) host_instance = pass.sink.AddInstance(Entity::kHost, {{"name", HostName()}});
  Row<host::kColumns> row;
  int64_t time_ns = 0;
  if (pass.slow()) time_ns = ReadLoad(pass, row);
  if (pass.medium()) {
    pressure.Read(pass, row);
    time_ns = cpu.Read(pass, row);  // Last: its time is the row's, its rates have the shortest resolution.
  }
  pass.sink.Append(Entity::kHost, *host_instance, time_ns, row);
}

int64_t HostReader::Subjects::ReadLoad(Pass& pass, Row<host::kColumns>& row) {
  Reading reading = loadavg.Read(pass);
  double load = 0;
  row.Fail(host::load_1min, reading.ok() ? kReadFailed : reading.status);
  if (reading.ok() && Scanner(reading.text).Decimal(&load)) row.Set(host::load_1min, load);
  return reading.time_ns;
}

void HostReader::Subjects::ReadJob(Pass& pass) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (has_next) job = std::move(next);
    has_next = false;
  }
  if (!job) return;
  job->Read(pass);
  job->LivePids(pids);
  std::lock_guard<std::mutex> lock(mutex);
  if (!has_next) processes.pids = pids;
}

HostReader::HostReader(const std::string& root) : subjects_(new Subjects(root)) {}
HostReader::~HostReader() = default;

void HostReader::Read(TierMask due, RowSink& sink) {
  Pass pass{due, subjects_->buffer, sink};
  if (!pass.medium() && !pass.slow()) return;
  subjects_->ReadHost(pass);
  if (pass.medium()) {
    subjects_->memory.Read(pass);
    subjects_->disk.Read(pass);
    subjects_->network.Read(pass);
    subjects_->ReadJob(pass);
  }
  if (pass.slow()) subjects_->filesystem.Read(pass);
}

// The job's files are opened here, at once, so that what its supervisor used before is known whatever happens
// next.
void HostReader::Follow(Followed followed) {
  bool is_job = followed.pid != 0;
  std::unique_ptr<JobReader> next;
  if (is_job) next = std::make_unique<JobReader>(subjects_->root, std::move(followed));
  std::lock_guard<std::mutex> lock(subjects_->mutex);
  subjects_->next.swap(next);
  subjects_->has_next = true;
  subjects_->processes = {is_job, {}};
}

JobProcesses HostReader::Processes() const {
  std::lock_guard<std::mutex> lock(subjects_->mutex);
  return subjects_->processes;
}

}  // namespace nvpulse
