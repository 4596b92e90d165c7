// Follows a job's processes. Host thread; owned by HostReader.
#include "readers/job.h"

#include <algorithm>

#include "readers/scanner.h"
#include "readers/units.h"
#include "sampler/clock.h"

namespace nvpulse {

namespace {

// Files of more processes than this are opened for each reading: the descriptors are those of the process
// that nvpulse runs in.
constexpr size_t kKeptOpen = 256;

// After a reading a hundred times its own CPU time must pass, or until a slow pass: some 5 µs a process at
// each medium pass would be 5 % of a core for a job of 1000 processes.
constexpr int64_t kRest = 100;

void SetIo(double* values, Status* status, int read_column, int write_column, const ProcessIo& io) {
  bool ok = io.status == kOk;
  values[read_column] = ok ? static_cast<double>(io.read__B) : kMissing;
  values[write_column] = ok ? static_cast<double>(io.write__B) : kMissing;
  status[read_column] = status[write_column] = io.status;
}

}  // namespace

JobReader::JobReader(const std::string& root, Followed followed)
    : root_(root),
      id_(std::move(followed.id)),
      supervisor_(root, followed.pid),
      is_cgroup_(!followed.cgroup.empty()),
      finder_(is_cgroup_ ? FindByCgroup(root + followed.cgroup, followed.pid)
                         : FindByDescent(root, followed.pid)),
      loadavg_(root + "/proc/loadavg"),
      totals_(is_cgroup_ ? root + followed.cgroup : "") {
  Buffer buffer;
  if (supervisor_.Read(buffer, true)) totals_.Start(supervisor_);
}

void JobReader::Read(Pass& pass) {
  if (ended_ || !pass.medium() || (!pass.slow() && MonotonicNs() < rests_until_ns_)) return;
  int64_t start_ns = ReadClock(CLOCK_THREAD_CPUTIME_ID);
  // A supervisor that ended has handed its orphans on: what is known of the job stays as it was.
  ended_ = !supervisor_.Read(pass.buffer, true) || !supervisor_.stat().Lives();
  if (ended_) return members_.clear();
  bool search = IsSearchDue(pass);
  ReadMembers(pass.buffer);
  if (search) FindMembers(pass.buffer);
  totals_.Start(supervisor_);
  for (const Member& member : members_) totals_.Add(member.process);
  totals_.Finish(pass.buffer);
  AppendJob(pass.sink);
  for (Member& member : members_) AppendProcess(member, pass.sink);
  rests_until_ns_ = MonotonicNs() + kRest * (ReadClock(CLOCK_THREAD_CPUTIME_ID) - start_ns);
}

// A search costs as much as all readings, so between slow passes it waits until the kernel has numbered a new
// task since the one before: /proc/loadavg ends with the latest number. (Not relied on alone: lxcfs refreshes
// it late, gVisor says 0.)
bool JobReader::IsSearchDue(Pass& pass) {
  Reading reading = loadavg_.Read(pass);
  Scanner line(reading.text);
  for (int i = 0; i < 4; i++) line.Word();
  uint64_t born = 0;
  line.Number(&born);
  bool is_new = born == 0 || born != last_born_;
  last_born_ = born;
  return is_new || pass.slow();
}

void JobReader::ReadMembers(Buffer& buffer) {
  size_t kept = 0;
  for (size_t i = 0; i < members_.size(); i++) {
    if (!members_[i].process.Read(buffer, kept < kKeptOpen)) {
      totals_.Keep(members_[i].process);
      continue;
    }
    if (kept != i) members_[kept] = std::move(members_[i]);
    kept++;
  }
  members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(kept), members_.end());
}

void JobReader::FindMembers(Buffer& buffer) {
  found_.clear();
  for (const Member& member : members_)
    found_.push_back({member.process.pid(), member.process.stat().threads});
  size_t known = found_.size();
  finder_->Find(found_, buffer);
  for (size_t i = known; i < found_.size(); i++) {
    Member member{Process(root_, found_[i].pid), std::nullopt};
    if (!member.process.Read(buffer, members_.size() < kKeptOpen)) continue;
    // Parents before children (see JobTotals), whichever way they were found.
    auto place = std::upper_bound(
        members_.begin(), members_.end(), member,
        [](const Member& a, const Member& b) { return a.process.stat().start < b.process.stat().start; });
    members_.insert(place, std::move(member));
  }
}

void JobReader::LivePids(std::vector<int>& pids) const {
  pids.clear();
  for (const Member& member : members_) {
    if (member.process.stat().Lives()) pids.push_back(member.process.pid());
  }
}

void JobReader::AppendJob(RowSink& sink) {
  if (!instance_) {
    std::string tracking = is_cgroup_ ? "cgroup" : "tree";
    instance_ = sink.AddInstance(Entity::kJob, {{"id", id_}, {"tracking", tracking}});
  }
  uint64_t processes = 0, threads = 0;
  double rss__MiB = 0;
  for (const Member& member : members_) {
    if (!member.process.stat().Lives()) continue;
    processes++;
    threads += member.process.stat().threads;
    rss__MiB += member.process.rss__MiB();
  }
  peak_rss__MiB_ = std::max(peak_rss__MiB_, rss__MiB);
  int64_t time_ns = members_.empty() ? supervisor_.time_ns() : members_.back().process.time_ns();
  const CpuSeconds& cpu = totals_.cpu();
  Row<job::kColumns> row;
  row.Set(job::cpu_time__s, cpu.user + cpu.system);
  row.Set(job::cpu_user_time__s, cpu.user);
  row.Set(job::cpu_system_time__s, cpu.system);
  SetIo(row.values, row.status, job::io_read__B, job::io_write__B, totals_.io());
  row.Set(job::memory_rss__MiB, rss__MiB);
  row.Set(job::memory_rss_peak__MiB, peak_rss__MiB_);
  row.Set(job::process_num, static_cast<double>(processes));
  row.Set(job::thread_num, static_cast<double>(threads));
  sink.Append(Entity::kJob, *instance_, time_ns, row);
}

void JobReader::AppendProcess(Member& member, RowSink& sink) {
  const Process& read = member.process;
  const ProcessStat& stat = read.stat();
  // One that still has the supervisor's name has yet to execute its program, which will name it.
  if (!stat.Lives() || (!member.instance && stat.name == supervisor_.stat().name)) return;
  if (!member.instance) {
    member.instance =
        sink.AddInstance(Entity::kProcess, {{"pid", static_cast<double>(read.pid())}, {"name", stat.name}});
  }
  Row<process::kColumns> row;
  row.Set(process::cpu_time__s, TicksToSeconds(stat.user + stat.system));
  row.Set(process::cpu_user_time__s, TicksToSeconds(stat.user));
  row.Set(process::cpu_system_time__s, TicksToSeconds(stat.system));
  SetIo(row.values, row.status, process::io_read__B, process::io_write__B, read.io());
  row.Set(process::memory_rss__MiB, read.rss__MiB());
  row.Set(process::memory_rss_peak__MiB, read.peak_rss__MiB());
  row.Set(process::thread_num, static_cast<double>(stat.threads));
  sink.Append(Entity::kProcess, *member.instance, read.time_ns(), row);
}

}  // namespace nvpulse
