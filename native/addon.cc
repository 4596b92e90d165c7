// The boundary: JavaScript's values in, typed arrays and plain data out. The only file that includes napi.h; it makes
// no NVML call itself. Runs on the JavaScript thread of its environment; state is kept per environment. What waits for a
// driver runs on a thread of our own, never on Node's pool, and answers through Answers.
//
// A worker can be terminated in the midst of any call. From then on Node-API refuses all that might run JavaScript:
// reading a property, making a function, a promise or an array's memory. node-addon-api then gives empty values, and
// keeps quiet (NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS). An empty value can be handed on, but asking it anything ends the
// process: that is why arguments are numbers, strings and typed arrays, never objects or lists.
#include <napi.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "generated/catalog.h"
#include "sampler/bulk_reader.h"
#include "sampler/sampler.h"
#include "sampler/thread.h"

namespace nvpulse {
namespace {

/// Memory that C++ allocated and JavaScript now owns; freed when it is collected.
template <typename T>
Napi::ArrayBuffer Give(Napi::Env env, std::unique_ptr<T[]> data, size_t elements) {
  if (elements == 0) return Napi::ArrayBuffer::New(env, 0);
  const size_t bytes = elements * sizeof(T);
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
  if (!buffer.IsEmpty()) std::memcpy(buffer.Data(), data.get(), bytes);
  return buffer;
}

Napi::Object TableOf(Napi::Env env, int entity, DrainedTable table) {
  const size_t rows = table.rows;
  const size_t cells = rows * static_cast<size_t>(kTables[entity].columns);
  Napi::Object out = Napi::Object::New(env);
  out.Set("entity", entity);
  out.Set("time", Napi::BigInt64Array::New(env, rows, Give(env, std::move(table.time), rows), 0));
  out.Set("instance", Napi::Uint32Array::New(env, rows, Give(env, std::move(table.instance), rows), 0));
  out.Set("values", Napi::Float64Array::New(env, cells, Give(env, std::move(table.values), cells), 0));
  out.Set("status", Napi::Uint16Array::New(env, cells, Give(env, std::move(table.status), cells), 0));
  return out;
}

Napi::Value ValueOf(Napi::Env env, const IdentityField& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return Napi::String::New(env, *text);
  if (const auto* number = std::get_if<double>(&field.value)) return Napi::Number::New(env, *number);
  return env.Null();
}

Napi::Object InstanceOf(Napi::Env env, const NewInstance& instance) {
  Napi::Object identity = Napi::Object::New(env);
  for (const IdentityField& field : instance.identity) identity.Set(field.name, ValueOf(env, field));
  Napi::Object out = Napi::Object::New(env);
  out.Set("id", instance.id);
  out.Set("entity", static_cast<int>(instance.entity));
  out.Set("identity", identity);
  return out;
}

Napi::Object EventOf(Napi::Env env, const StoredEvent& event) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("time__ns", Napi::BigInt::New(env, event.time_ns));
  out.Set("kind", event.kind);
  out.Set("instance", static_cast<double>(event.instance));
  out.Set("text", event.text);
  return out;
}

/// Promises that other threads answer. Of the JavaScript thread of one environment, but for Give. It does not keep the
/// process alive: who waits for a promise does, with a timer. Threads hold it by a shared pointer.
class Answers {
 public:
  /// Makes the value, on the JavaScript thread.
  using Value = std::function<Napi::Value(Napi::Env)>;

  explicit Answers(Napi::Env env) {
    napi_value name = Napi::String::New(env, "nvpulse");
    napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, Deliver, &function_);
    napi_unref_threadsafe_function(env, function_);
  }

  /// A promise, and its number.
  Napi::Value Await(napi_env env, uint64_t* number) {
    *number = ++last_;
    napi_deferred deferred = nullptr;
    napi_value promise = nullptr;
    if (napi_create_promise(env, &deferred, &promise) == napi_ok) waiting_.emplace(last_, deferred);
    return Napi::Value(env, promise);
  }

  /// Any thread: resolves the promise of that number. Nothing happens where the environment is gone.
  void Give(uint64_t number, Value value) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!function_) return;
    auto* letter = new Letter{number, std::move(value)};
    if (napi_call_threadsafe_function(function_, letter, napi_tsfn_nonblocking) != napi_ok) delete letter;
  }

  /// The environment goes: nothing is delivered any more.
  void Close() {
    std::lock_guard<std::mutex> lock(mutex_);
    napi_release_threadsafe_function(function_, napi_tsfn_release);
    function_ = nullptr;
  }

 private:
  struct Letter {
    uint64_t number;
    Value value;
  };

  static void Deliver(napi_env env, napi_value, void* context, void* data) {
    const std::unique_ptr<Letter> letter(static_cast<Letter*>(data));
    if (!env) return;
    auto& waiting = static_cast<Answers*>(context)->waiting_;
    const auto found = waiting.find(letter->number);
    if (found == waiting.end()) return;
    Napi::HandleScope scope(env);
    napi_resolve_deferred(env, found->second, letter->value(env));
    waiting.erase(found);
  }

  std::map<uint64_t, napi_deferred> waiting_;
  uint64_t last_ = 0;
  std::mutex mutex_;  ///< Of what follows.
  napi_threadsafe_function function_ = nullptr;
};

class SamplerObject : public Napi::ObjectWrap<SamplerObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "NativeSampler",
                       {
                           InstanceMethod<&SamplerObject::Start>("start"),
                           InstanceMethod<&SamplerObject::SetInterval>("setInterval"),
                           InstanceMethod<&SamplerObject::Tick>("tick"),
                           InstanceMethod<&SamplerObject::Follow>("follow"),
                           InstanceMethod<&SamplerObject::Unfollow>("unfollow"),
                           InstanceMethod<&SamplerObject::Following>("following"),
                           InstanceMethod<&SamplerObject::Note>("note"),
                           InstanceMethod<&SamplerObject::Drain>("drain"),
                           InstanceMethod<&SamplerObject::Gpu>("gpu"),
                           InstanceMethod<&SamplerObject::Stats>("stats"),
                           InstanceMethod<&SamplerObject::Stop>("stop"),
                       });
  }

  explicit SamplerObject(const Napi::CallbackInfo& info);
  ~SamplerObject() override;

  void StopThreads() { sampler_->Stop(); }

 private:
  void Start(const Napi::CallbackInfo&) { sampler_->Start(); }
  void SetInterval(const Napi::CallbackInfo& info) {
    sampler_->SetInterval(info[0].As<Napi::Number>().Int64Value());
  }
  Napi::Value Tick(const Napi::CallbackInfo& info);
  Napi::Value Follow(const Napi::CallbackInfo& info);
  void Unfollow(const Napi::CallbackInfo& info) { sampler_->Unfollow(info[0].As<Napi::String>().Utf8Value()); }
  Napi::Value Following(const Napi::CallbackInfo& info);
  void Note(const Napi::CallbackInfo& info) {
    sampler_->Note(info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().DoubleValue());
  }
  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Gpu(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo&) { sampler_->Stop(); }

  std::unique_ptr<Sampler> sampler_;
  std::shared_ptr<std::set<SamplerObject*>> living_;
};

/// What one environment (the main thread or a worker) owns.
struct Environment {
  explicit Environment(Napi::Env env) : answers(std::make_shared<Answers>(env)) {}

  const std::shared_ptr<Answers> answers;
  Napi::FunctionReference sampler_class;
  std::shared_ptr<std::set<SamplerObject*>> samplers = std::make_shared<std::set<SamplerObject*>>();
};

Environment& EnvironmentOf(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

SamplerObject::SamplerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SamplerObject>(info) {
  SamplerOptions options;
  options.interval_ns = info[0].As<Napi::Number>().Int64Value();
  options.host = info[1].As<Napi::Boolean>();
  options.gpu = info[2].As<Napi::Boolean>();
  options.nvml_path = info[3].As<Napi::String>().Utf8Value();
  options.machine.rootfs = info[4].As<Napi::String>().Utf8Value();
  options.machine.name = info[5].As<Napi::String>().Utf8Value();
  sampler_ = std::make_unique<Sampler>(options);
  living_ = EnvironmentOf(info.Env()).samplers;
  living_->insert(this);
}

SamplerObject::~SamplerObject() { living_->erase(this); }

Napi::Value SamplerObject::Tick(const Napi::CallbackInfo& info) {
  const double timeout__ms = info[0].As<Napi::Number>().DoubleValue();
  const std::shared_ptr<Answers> answers = EnvironmentOf(info.Env()).answers;
  uint64_t number = 0;
  const Napi::Value promise = answers->Await(info.Env(), &number);
  sampler_->Tick(static_cast<int64_t>(timeout__ms * 1e6), [answers, number](bool done) {
    answers->Give(number, [done](Napi::Env env) { return Napi::Boolean::New(env, done); });
  });
  return promise;
}

Napi::Value SamplerObject::Follow(const Napi::CallbackInfo& info) {
  Followed followed;
  followed.id = info[0].As<Napi::String>().Utf8Value();
  followed.pid = info[1].As<Napi::Number>().Int32Value();
  followed.cgroup = info[2].As<Napi::String>().Utf8Value();
  followed.cgroup_name = info[3].As<Napi::String>().Utf8Value();
  followed.own = info[4].As<Napi::Boolean>();
  return Napi::Boolean::New(info.Env(), sampler_->Follow(std::move(followed)));
}

Napi::Value SamplerObject::Following(const Napi::CallbackInfo& info) {
  Napi::Array out = Napi::Array::New(info.Env());
  for (const FollowedState& job : sampler_->Following()) {
    Napi::Object entry = Napi::Object::New(info.Env());
    entry.Set("id", job.id);
    entry.Set("alive", job.alive);
    out.Set(out.Length(), entry);
  }
  return out;
}

Napi::Value SamplerObject::Drain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Drained drained = sampler_->Drain();
  Napi::Array tables = Napi::Array::New(env);
  for (int entity = 0; entity < kEntities; entity++) {
    if (drained.tables[entity].rows == 0) continue;
    tables.Set(tables.Length(), TableOf(env, entity, std::move(drained.tables[entity])));
  }
  Napi::Array instances = Napi::Array::New(env);
  for (const NewInstance& instance : drained.instances) instances.Set(instances.Length(), InstanceOf(env, instance));
  Napi::Array retired = Napi::Array::New(env);
  for (uint32_t instance : drained.retired) retired.Set(retired.Length(), instance);
  Napi::Array events = Napi::Array::New(env);
  for (const StoredEvent& event : drained.events) events.Set(events.Length(), EventOf(env, event));
  Napi::Object out = Napi::Object::New(env);
  out.Set("tables", tables);
  out.Set("instances", instances);
  out.Set("retired", retired);
  out.Set("events", events);
  out.Set("droppedRows", static_cast<double>(drained.dropped));
  return out;
}

Napi::Value SamplerObject::Gpu(const Napi::CallbackInfo& info) {
  const GpuInfo gpu = sampler_->Gpu();
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("state", gpu.state);
  out.Set("reason", gpu.reason);
  out.Set("driver_version", gpu.driver_version);
  out.Set("nvml_version", gpu.nvml_version);
  out.Set("library", gpu.library);
  out.Set("simulated", !gpu.profile.empty());
  out.Set("profile", gpu.profile);
  return out;
}

Napi::Value SamplerObject::Stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const SamplerStats stats = sampler_->Stats();
  Napi::Object lateness = Napi::Object::New(env);
  lateness.Set("p50", stats.lateness_p50__us);
  lateness.Set("p99", stats.lateness_p99__us);
  lateness.Set("max", stats.lateness_max__us);
  Napi::Array calls = Napi::Array::New(env);
  for (const CallStats& call : stats.calls) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", call.name);
    entry.Set("count", static_cast<double>(call.count));
    entry.Set("p50__us", call.p50__us);
    entry.Set("p99__us", call.p99__us);
    calls.Set(calls.Length(), entry);
  }
  Napi::Object out = Napi::Object::New(env);
  out.Set("ticks", static_cast<double>(stats.ticks));
  out.Set("late_ticks", static_cast<double>(stats.late_ticks));
  out.Set("rows_dropped", static_cast<double>(stats.rows_dropped));
  out.Set("implausible_readings", static_cast<double>(stats.implausible_readings));
  out.Set("lateness__us", lateness);
  out.Set("sampler_cpu_time__s", stats.cpu_time__s);
  out.Set("calls", calls);
  return out;
}

Napi::Value CreateSampler(const Napi::CallbackInfo& info) {
  return EnvironmentOf(info.Env()).sampler_class.New({info[0], info[1], info[2], info[3], info[4], info[5]});
}

/// The elements of a typed array of this type that has as many; else null.
template <typename T>
T* Elements(napi_env env, napi_value array, napi_typedarray_type wanted, size_t count) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr);
  return status == napi_ok && type == wanted && length >= count ? static_cast<T*>(data) : nullptr;
}

/// A reader, and the arrays that it fills: looked at once, and kept, since looking at them costs as much as ten calls.
struct BulkRead {
  std::shared_ptr<BulkReader> reader;
  Napi::ObjectReference arrays[2];
  double* values = nullptr;  ///< Null: nothing is filled.
  Status* status = nullptr;

  bool Fill(Napi::Env env, napi_value into_values, napi_value into_status) {
    values = nullptr;
    if (!reader) return false;
    const size_t cells = reader->devices() * reader->columns();
    auto* doubles = Elements<double>(env, into_values, napi_float64_array, cells);
    status = Elements<Status>(env, into_status, napi_uint16_array, cells);
    if (!doubles || !status) return false;
    arrays[0] = Napi::Persistent(Napi::Object(env, into_values));
    arrays[1] = Napi::Persistent(Napi::Object(env, into_status));
    values = doubles;
    return true;
  }

  void Close() {
    values = nullptr;
    reader.reset();
    for (Napi::ObjectReference& array : arrays) array.Reset();
  }
};

/// Without node-addon-api: its wrapping would cost as much as five calls.
napi_value ReadBulk(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  auto* bulk = static_cast<BulkRead*>(data);
  if (bulk->values) bulk->reader->Read(bulk->values, bulk->status);
  return nullptr;
}

/// Without arrays, and closed, it reads nothing. That the arrays are still as they were given (not detached, not
/// shrunk) is for lib/sampling/nvml.ts to see before each read.
Napi::Object BulkReaderObject(Napi::Env env, std::shared_ptr<BulkReader> reader) {
  auto bulk = std::make_shared<BulkRead>();
  bulk->reader = std::move(reader);
  Napi::Object object = Napi::Object::New(env);
  object.Set("devices", static_cast<double>(bulk->reader->devices()));
  const auto fill = [bulk](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Boolean::New(info.Env(), bulk->Fill(info.Env(), info[0], info[1]));
  };
  object.Set("fill", Napi::Function::New(env, fill, "fill"));
  napi_value read = nullptr;
  if (napi_create_function(env, "read", NAPI_AUTO_LENGTH, ReadBulk, bulk.get(), &read) != napi_ok) return object;
  const auto drop = [](Napi::Env, std::shared_ptr<BulkRead>* held) { delete held; };
  Napi::Object(env, read).AddFinalizer(drop, new std::shared_ptr<BulkRead>(bulk));
  object.Set("read", read);
  const auto close = [bulk](const Napi::CallbackInfo&) { bulk->Close(); };
  object.Set("close", Napi::Function::New(env, close, "close"));
  return object;
}

/// On a thread of its own, for as long as the driver takes.
void OpenBulkReader(const std::string& path, const std::vector<int>& columns, Answers& answers, uint64_t number) {
  std::string reason;
  const std::shared_ptr<BulkReader> reader = BulkReader::Open(path, columns, &reason);
  answers.Give(number, [reader, reason](Napi::Env env) -> Napi::Value {
    if (!reader) return Napi::String::New(env, reason);
    return BulkReaderObject(env, reader);
  });
}

Napi::Value CreateBulkReader(const Napi::CallbackInfo& info) {
  const Napi::Int32Array wanted = info[1].As<Napi::Int32Array>();
  const std::vector<int> columns(wanted.Data(), wanted.Data() + wanted.ElementLength());
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  const std::shared_ptr<Answers> answers = EnvironmentOf(info.Env()).answers;
  uint64_t number = 0;
  const Napi::Value promise = answers->Await(info.Env(), &number);
  Thread thread;
  const bool started = thread.Start("nvpulse-open", [path, columns, answers, number] {
    OpenBulkReader(path, columns, *answers, number);
  });
  if (!started) {
    answers->Give(number, [](Napi::Env env) { return Napi::String::New(env, "the system gives no thread to open it on"); });
  }
  return promise;
}

Napi::Value Now(const Napi::CallbackInfo& info) { return Napi::BigInt::New(info.Env(), MonotonicNs()); }

Napi::Value UtcOffset(const Napi::CallbackInfo& info) { return Napi::BigInt::New(info.Env(), UtcOffsetNs()); }

/// An exclusive lock on an open file, without waiting: 0, or the errno. It ends when the file is closed, as it is when
/// the process ends in whatever way.
Napi::Value Lock(const Napi::CallbackInfo& info) {
  const int fd = info[0].As<Napi::Number>().Int32Value();
  return Napi::Number::New(info.Env(), flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno);
}

}  // namespace
}  // namespace nvpulse

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  using namespace nvpulse;
  auto* environment = new Environment(env);
  environment->sampler_class = Napi::Persistent(SamplerObject::Define(env));
  env.SetInstanceData(environment);
  // A thread that still runs when its environment goes takes the process down. The hook runs before the one that Node
  // keeps for the answers' function, since it is added after.
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        auto* leaving = static_cast<Environment*>(data);
        leaving->answers->Close();
        for (SamplerObject* sampler : *leaving->samplers) sampler->StopThreads();
      },
      environment);
  exports.Set("catalogHash", kCatalogHash);
  exports.Set("createSampler", Napi::Function::New<CreateSampler>(env));
  exports.Set("createBulkReader", Napi::Function::New<CreateBulkReader>(env));
  exports.Set("now", Napi::Function::New<Now>(env));
  exports.Set("utcOffset", Napi::Function::New<UtcOffset>(env));
  exports.Set("lock", Napi::Function::New<Lock>(env));
  return exports;
}

NODE_API_MODULE(nvpulse, Init)
