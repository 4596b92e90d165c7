// Exported: field values, and the driver's rings of samples. Any thread.
#include "simulator/answer.h"

namespace nvpulse::simulator {
namespace {

struct Field {
  Return status;
  ValueType type;
  uint64_t value;
};

constexpr Field kNone = {kNotSupported, kUint32, 0};
constexpr uint32_t kNvLinkSpeed__MBps = 26562;

Field FromChannel(const Device& device, Channel channel, uint64_t now__ns) {
  const Return status = device.Status(channel);
  return {status, kUint32, status == kSuccess ? static_cast<uint64_t>(device.Read(channel, now__ns)) : 0};
}

Field FromBoard(uint32_t value) { return value == 0 ? kNone : Field{kSuccess, kUint32, value}; }

Field EnergyField(const Device& device, uint64_t now__ns) {
  const Return status = device.Status(Channel::kEnergy);
  return {status, kUint64, status == kSuccess ? library.Energy__mJ(device, now__ns) : 0};
}

/** Only boards whose GetPowerUsage is a mean have the averaged field. */
Field MeanPowerField(const Device& device, uint64_t now__ns) {
  return device.board()[Channel::kPower].derived == Derived::kMean1s ? FromChannel(device, Channel::kPower, now__ns) : kNone;
}

Field ReadField(const Device& device, uint32_t id, uint64_t now__ns) {
  const Board& board = device.board();
  switch (id) {
    case 1:
    case 2:
      return board.ecc ? Field{kSuccess, kUint32, 1} : kNone;
    case 82: return FromChannel(device, Channel::kMemoryTemperature, now__ns);
    case 83: return EnergyField(device, now__ns);
    case 90: return FromBoard(board.nvlinks > 0 ? kNvLinkSpeed__MBps : 0);
    case 91: return FromBoard(board.nvlinks);
    case 94: return {kSuccess, kUint32, device.index() + 1};
    case 185: return MeanPowerField(device, now__ns);
    case 186: return FromChannel(device, Channel::kPowerInstant, now__ns);
    case 187: return FromBoard(board.power_min__mW);
    case 188: return FromBoard(board.power_max__mW);
    case 189: return FromBoard(board.power_default__mW);
    case 190: return FromBoard(board.power_limit__mW);
    case 191: return EnergyField(device, now__ns);
    case 192: return FromBoard(board.power_manageable ? board.power_limit__mW : 0);
    default: return kNone;
  }
}

constexpr uint32_t kPowerFields = 185;  // 185 to 192 take a scope; only that of the GPU is there
constexpr uint32_t kPowerFieldsEnd = 193;

void Answer(const Device& device, uint64_t now__ns, FieldValue* field) {
  field->timestamp__us = static_cast<int64_t>(now__ns / 1000);
  field->latency__us = 0;
  if (field->id == 0 || field->id >= library.options().profile.field_end) {
    field->status = kInvalidArgument;
    return;
  }
  const bool scoped = field->id >= kPowerFields && field->id < kPowerFieldsEnd;
  const Field value = scoped && field->scope != 0 ? kNone : ReadField(device, field->id, now__ns);
  field->status = value.status;
  field->value_type = value.type;
  field->value.u64 = value.value;  // the low half, which u32 reads, is the same on both our platforms
}

struct Ring {
  Channel channel;
  uint64_t step__ms;
};
constexpr uint32_t kRingLength = 120;

/** The ring behind a sample type; false where there is none. */
bool RingOf(uint32_t type, Ring* ring) {
  switch (type) {
    case 0: *ring = {Channel::kPowerInstant, 20}; return true;
    case 1: *ring = {Channel::kGpuUtilization, 100}; return true;
    case 2: *ring = {Channel::kMemoryUtilization, 100}; return true;
    case 3: *ring = {Channel::kEncoderUtilization, 100}; return true;
    case 4: *ring = {Channel::kDecoderUtilization, 100}; return true;
    case 5: *ring = {Channel::kSmClock, 100}; return true;
    case 6: *ring = {Channel::kMemoryClock, 100}; return true;
    default: return false;
  }
}

int64_t SampleAt(const Device& device, const Ring& ring, uint64_t at__ms) {
  return ring.channel == Channel::kPowerInstant ? device.PowerAt(at__ms) : device.Compute(ring.channel, at__ms);
}

/** Oldest first; as many of those newer than `last_seen__us` as there is room for. */
Return FillSamples(const Device& device, const Ring& ring, uint64_t last_seen__us, uint32_t* count, Sample* samples) {
  const uint64_t newest__ms = library.Now__ns() / 1000000 / ring.step__ms * ring.step__ms;
  uint32_t filled = 0;
  for (uint32_t age = kRingLength; age-- > 0 && filled < *count;) {
    if (newest__ms < age * ring.step__ms) continue;
    const uint64_t at__ms = newest__ms - age * ring.step__ms;
    if (at__ms * 1000 <= last_seen__us && last_seen__us != 0) continue;
    samples[filled].timestamp__us = at__ms * 1000;
    samples[filled++].value.u64 = static_cast<uint64_t>(SampleAt(device, ring, at__ms));
  }
  *count = filled;
  return filled == 0 ? kNotFound : kSuccess;
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

NVML_EXPORT nvmlDeviceGetFieldValues(Handle handle, int32_t count, FieldValue* fields) {
  return Get(Call::DeviceGetFieldValues, handle, [=](const Device& device) {
    if (fields == nullptr || count <= 0) return kInvalidArgument;
    const uint64_t now__ns = library.Now__ns();
    for (int32_t i = 0; i < count; i++) Answer(device, now__ns, &fields[i]);
    return kSuccess;
  });
}

NVML_EXPORT nvmlDeviceGetSamples(Handle handle, uint32_t type, uint64_t last_seen__us, uint32_t* value_type,
                                 uint32_t* count, Sample* samples) {
  return Get(Call::DeviceGetSamples, handle, [=](const Device& device) {
    Ring ring;
    if (count == nullptr || value_type == nullptr) return kInvalidArgument;
    if (!RingOf(type, &ring)) return kNotSupported;
    if (const Return status = device.Status(ring.channel)) return status;
    *value_type = kUint32;
    if (samples == nullptr) return Put(count, kRingLength);
    return FillSamples(device, ring, last_seen__us, count, samples);
  });
}
