// Runs the subjects in turn and puts the host's row together. Host thread; owned by the sampler.
#include "readers/host.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "readers/cpu.h"
#include "readers/disk.h"
#include "readers/filesystem.h"
#include "readers/jobs.h"
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
  Subjects(const std::string& at, const Machine& machine)
      : host_name(machine.name.empty() ? HostName() : machine.name),
        cpu(at),
        pressure(at),
        loadavg(at + "/proc/loadavg"),
        memory(at),
        disk(at),
        network(at),
        filesystem(at, machine.rootfs),
        jobs(at) {}

  void ReadHost(Pass& pass);
  int64_t ReadLoad(Pass& pass, Row<host::kColumns>& row);

  std::string host_name;
  Buffer buffer;
  std::optional<uint32_t> host_instance;
  CpuReader cpu;
  PressureReader pressure;
  ProcFile loadavg;
  MemoryReader memory;
  DiskReader disk;
  NetworkReader network;
  FilesystemReader filesystem;
  JobsReader jobs;
};

void HostReader::Subjects::ReadHost(Pass& pass) {
  if (!host_instance) host_instance = pass.sink.AddInstance(Entity::kHost, {{"name", host_name}});
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

HostReader::HostReader(const std::string& root, const Machine& machine)
    : subjects_(new Subjects(root, machine)) {}
HostReader::~HostReader() = default;

void HostReader::Read(TierMask due, RowSink& sink) {
  Pass pass{due, subjects_->buffer, sink};
  if (!pass.medium() && !pass.slow()) return;
  subjects_->ReadHost(pass);
  if (pass.medium()) {
    subjects_->memory.Read(pass);
    subjects_->disk.Read(pass);
    subjects_->network.Read(pass);
    subjects_->jobs.Read(pass);
  }
  if (pass.slow()) subjects_->filesystem.Read(pass);
}

bool HostReader::Follow(Followed followed) { return subjects_->jobs.Follow(std::move(followed)); }

void HostReader::Unfollow(const std::string& id) { subjects_->jobs.Unfollow(id); }

std::vector<FollowedState> HostReader::Following() const { return subjects_->jobs.Following(); }

const FollowedProcesses& HostReader::Processes() const { return subjects_->jobs.Processes(); }

}  // namespace nvpulse
