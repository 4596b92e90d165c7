// Follows a job's processes. Host thread; owned by JobsReader.
#include "readers/job.h"

#include <algorithm>

#include "readers/scanner.h"
#include "readers/units.h"

namespace nvpulse {

namespace {

// Files of more processes than this are opened for each reading: the descriptors are those of the process
// that nvpulse runs in.
constexpr size_t kKeptOpen = 256;
/// Some programs rename themselves at each task: another name is taken as often as this.
constexpr int64_t kRename_ns = 1'000'000'000;

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
      own_(followed.own ? followed.pid : 0),
      is_cgroup_(!followed.cgroup.empty()),
      finder_(is_cgroup_ ? FindByCgroup(root + followed.cgroup, followed.own ? 0 : followed.pid)
                         : FindByDescent(root, followed.pid)),
      totals_(is_cgroup_ ? root + followed.cgroup : ""),
      memory_(root) {
  if (followed.pid != 0 && own_ == 0) supervisor_.emplace(root, followed.pid);
  TakeBase();
}

// Here and at once, so that what was used before is known whatever happens next. A supervisor's children are the
// job's from the first on; of a process that runs on its own, or a cgroup, nothing that is there has been the job's.
void JobReader::TakeBase() {
  Buffer buffer;
  if (supervisor_) {
    if (supervisor_->Read(buffer, true)) totals_.Start(&*supervisor_);
  } else {
    if (own_ != 0) members_.emplace_back(Process(root_, own_));
    ReadMembers(buffer);
    FindMembers(buffer);
    totals_.Start(nullptr);
    for (const Member& member : members_) totals_.Add(member.process);
    totals_.TakeBase();
  }
}

void JobReader::Read(Buffer& buffer, bool search, bool slow) {
  if (ended_) return;
  ended_ = supervisor_ && (!supervisor_->Read(buffer, true) || !supervisor_->stat().Lives());
  if (!ended_) ReadMembers(buffer);
  if (own_ != 0) ended_ = !IsAlive(own_);
  // A root that ended has handed its orphans on: what is known of the job stays as it was.
  if (ended_) {
    for (const Member& member : members_) Leave(member);
    return members_.clear();
  }
  if (search || !searched_) FindMembers(buffer);
  AddUp(buffer);
  if (slow) ReadMemory(buffer);
}

void JobReader::ReadMemory(Buffer& buffer) {
  running_.clear();
  for (const Member& member : members_) {
    if (member.process.stat().Lives() && HasExecuted(member)) running_.push_back(&member.process);
  }
  memory_.Read(running_, buffer);
}

/// One that still has the supervisor's name has yet to execute its program: what it holds is nothing of the job's.
bool JobReader::HasExecuted(const Member& member) const {
  return !supervisor_ || member.instance || member.process.stat().name != supervisor_->stat().name;
}

void JobReader::ReadMembers(Buffer& buffer) {
  for (size_t i = 0; i < members_.size(); i++) {
    members_[i].lives = members_[i].process.Read(buffer, i < kKeptOpen);
  }
  for (const Member& member : members_) {
    if (!member.lives) totals_.Keep(member.process, HasHeir(member));
    if (!member.lives) Leave(member);
  }
  members_.erase(
      std::remove_if(members_.begin(), members_.end(), [](const Member& member) { return !member.lives; }),
      members_.end());
}

void JobReader::Leave(const Member& member) {
  if (member.instance) left_.push_back(*member.instance);
}

/// Whether what it used has passed to a process of the job that lives, or to the supervisor.
bool JobReader::HasHeir(const Member& ended) const {
  const Member* at = &ended;
  for (size_t generation = 0; generation < members_.size(); generation++) {
    const auto parent = static_cast<int>(at->process.stat().parent);
    if (supervisor_ && supervisor_->pid() == parent) return true;
    at = Find(parent);
    if (at == nullptr || at->lives) return at != nullptr;
  }
  return false;
}

const JobReader::Member* JobReader::Find(int pid) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.process.pid() == pid; });
  return found == members_.end() ? nullptr : &*found;
}

bool JobReader::IsAlive(int pid) const {
  const Member* member = Find(pid);
  return member != nullptr && member->process.stat().Lives();
}

void JobReader::FindMembers(Buffer& buffer) {
  searched_ = true;
  found_.clear();
  for (const Member& member : members_)
    found_.push_back({member.process.pid(), member.process.stat().threads});
  size_t known = found_.size();
  finder_->Find(found_, buffer);
  for (size_t i = known; i < found_.size(); i++) {
    Member member(Process(root_, found_[i].pid));
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

void JobReader::AddUp(Buffer& buffer) {
  totals_.Start(supervisor_ ? &*supervisor_ : nullptr);
  for (const Member& member : members_) totals_.Add(member.process);
  totals_.Finish(buffer);
}

void JobReader::Append(RowSink& sink, int64_t time_ns) {
  if (ended_) return Retire(sink);
  for (uint32_t instance : left_) sink.RetireInstance(Entity::kProcess, instance);
  left_.clear();
  AppendJob(sink, time_ns);
  for (Member& member : members_) AppendProcess(member, sink, time_ns);
}

void JobReader::Retire(RowSink& sink) {
  for (const Member& member : members_) Leave(member);
  members_.clear();
  for (uint32_t instance : left_) sink.RetireInstance(Entity::kProcess, instance);
  left_.clear();
  if (instance_) sink.RetireInstance(Entity::kJob, *instance_);
  instance_.reset();
}

void JobReader::AppendJob(RowSink& sink, int64_t time_ns) {
  if (!instance_) {
    std::string tracking = is_cgroup_ ? "cgroup" : "tree";
    instance_ = sink.AddInstance(Entity::kJob, {{"id", id_}, {"tracking", tracking}});
  }
  uint64_t processes = 0, threads = 0;
  double rss__MiB = 0;
  bool waits = false;
  for (const Member& member : members_) {
    if (!member.process.stat().Lives()) continue;
    if (!HasExecuted(member)) {
      waits = true;
      continue;
    }
    processes++;
    threads += member.process.stat().threads;
    rss__MiB += member.process.rss__MiB();
  }
  const CpuSeconds& cpu = totals_.cpu();
  Row<job::kColumns> row;
  row.Set(job::cpu_time__s, cpu.user + cpu.system);
  row.Set(job::cpu_user_time__s, cpu.user);
  row.Set(job::cpu_system_time__s, cpu.system);
  SetIo(row.values, row.status, job::io_read__B, job::io_write__B, totals_.io());
  // Before its program is executed nothing can be told of a job.
  if (processes > 0 || !waits) {
    row.Set(job::memory_rss_sum__MiB, rss__MiB);
    row.Set(job::process_num, static_cast<double>(processes));
    row.Set(job::thread_num, static_cast<double>(threads));
  }
  memory_.Fill(row);
  sink.Append(Entity::kJob, *instance_, time_ns, row);
}

/// By its name as it is now: a script that has executed its program is called as that is.
void JobReader::NameProcess(Member& member, RowSink& sink, int64_t time_ns) {
  const std::string& name = member.process.stat().name;
  if (member.instance) {
    if (member.name == name || time_ns - member.renamed_ns < kRename_ns) return;
    member.renamed_ns = time_ns;
  }
  std::vector<IdentityField> identity{
      {"pid", static_cast<double>(member.process.pid())}, {"name", name}, {"job", id_}};
  member.instance = member.instance
                        ? sink.ReplaceInstance(Entity::kProcess, *member.instance, std::move(identity))
                        : sink.AddInstance(Entity::kProcess, std::move(identity));
  member.name = name;
}

void JobReader::AppendProcess(Member& member, RowSink& sink, int64_t time_ns) {
  const Process& read = member.process;
  const ProcessStat& stat = read.stat();
  if (!stat.Lives() || !HasExecuted(member)) return;
  NameProcess(member, sink, time_ns);
  Row<process::kColumns> row;
  row.Set(process::cpu_time__s, TicksToSeconds(stat.user + stat.system));
  row.Set(process::cpu_user_time__s, TicksToSeconds(stat.user));
  row.Set(process::cpu_system_time__s, TicksToSeconds(stat.system));
  SetIo(row.values, row.status, process::io_read__B, process::io_write__B, read.io());
  row.Set(process::memory_rss__MiB, read.rss__MiB());
  row.Set(process::thread_num, static_cast<double>(stat.threads));
  sink.Append(Entity::kProcess, *member.instance, time_ns, row);
}

}  // namespace nvpulse
