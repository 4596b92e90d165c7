// Exported: what a device is. Any thread.
#include "simulator/answer.h"

namespace nvpulse::simulator {
namespace {

/** Older forms of the structure are shorter, and callers hold no more than that. */
Return Pci(Call call, Handle handle, void* info, size_t size) {
  return Get(call, handle, [=](const Device& device) {
    if (info == nullptr) return kInvalidArgument;
    std::memcpy(info, &device.pci(), size);
    return kSuccess;
  });
}

/** All links run at full speed. */
Return PcieLink(Call call, Handle handle, uint32_t Board::*member, uint32_t* out) {
  return Get(call, handle, [=](const Device& device) { return Put(out, device.board().*member); });
}

}  // namespace
}  // namespace nvpulse::simulator

using namespace nvpulse::simulator;  // NOLINT: the exported functions are the global namespace's

NVML_EXPORT nvmlDeviceGetName(Handle handle, char* text, uint32_t length) {
  return Get(Call::DeviceGetName, handle, [=](const Device& device) { return PutText(text, length, device.board().name); });
}

NVML_EXPORT nvmlDeviceGetUUID(Handle handle, char* text, uint32_t length) {
  return Get(Call::DeviceGetUUID, handle, [=](const Device& device) { return PutText(text, length, device.uuid()); });
}

NVML_EXPORT nvmlDeviceGetSerial(Handle handle, char* text, uint32_t length) {
  return Get(Call::DeviceGetSerial, handle, [=](const Device& device) {
    return PutText(text, length, device.serial()[0] == '\0' ? nullptr : device.serial());
  });
}

NVML_EXPORT nvmlDeviceGetBoardPartNumber(Handle handle, char* text, uint32_t length) {
  return Get(Call::DeviceGetBoardPartNumber, handle,
             [=](const Device& device) { return PutText(text, length, device.board().part_number); });
}

NVML_EXPORT nvmlDeviceGetVbiosVersion(Handle handle, char* text, uint32_t length) {
  return Get(Call::DeviceGetVbiosVersion, handle,
             [=](const Device& device) { return PutText(text, length, device.board().vbios); });
}

/** The oldest form ends before the subsystem id. */
NVML_EXPORT nvmlDeviceGetPciInfo(Handle handle, void* info) {
  return Pci(Call::DeviceGetPciInfo, handle, info, offsetof(PciInfo, subsystem_id));
}
/** Behind the subsystem id its callers have four words (52 bytes in all), which no driver writes. */
NVML_EXPORT nvmlDeviceGetPciInfo_v2(Handle handle, void* info) {
  return Pci(Call::DeviceGetPciInfo_v2, handle, info, offsetof(PciInfo, bus_id));
}
NVML_EXPORT nvmlDeviceGetPciInfo_v3(Handle handle, void* info) {
  return Pci(Call::DeviceGetPciInfo_v3, handle, info, sizeof(PciInfo));
}

NVML_EXPORT nvmlDeviceGetPciInfoExt(Handle handle, PciInfoExt* info) {
  return Get(Call::DeviceGetPciInfoExt, handle, [info](const Device& device) {
    if (info == nullptr) return kInvalidArgument;
    if (info->version != VersionWord(sizeof *info, 1)) return kVersionMismatch;
    const PciInfo& pci = device.pci();
    // Class 3, display; subclass 2, 3D controller.
    *info = {info->version, pci.domain, pci.bus, pci.device, pci.device_id, pci.subsystem_id, 3, 2, {}};
    std::memcpy(info->bus_id, pci.bus_id, sizeof info->bus_id);
    return kSuccess;
  });
}

NVML_EXPORT nvmlDeviceGetIndex(Handle handle, uint32_t* index) {
  return Get(Call::DeviceGetIndex, handle, [index](const Device& device) { return Put(index, device.index()); });
}

/** Counted from the other end, so that a client that takes it for the index is seen. */
NVML_EXPORT nvmlDeviceGetMinorNumber(Handle handle, uint32_t* minor) {
  return Get(Call::DeviceGetMinorNumber, handle,
             [minor](const Device& device) { return Put(minor, library.device_count() - 1 - device.index()); });
}

NVML_EXPORT nvmlDeviceGetBoardId(Handle handle, uint32_t* id) {
  return Get(Call::DeviceGetBoardId, handle, [id](const Device& device) { return Put(id, device.pci().bus << 8); });
}

NVML_EXPORT nvmlDeviceGetBrand(Handle handle, uint32_t* brand) {
  return Get(Call::DeviceGetBrand, handle, [brand](const Device& device) { return Put(brand, device.board().brand); });
}

NVML_EXPORT nvmlDeviceGetArchitecture(Handle handle, uint32_t* architecture) {
  return Get(Call::DeviceGetArchitecture, handle,
             [=](const Device& device) { return Put(architecture, device.board().architecture); });
}

NVML_EXPORT nvmlDeviceGetCudaComputeCapability(Handle handle, int32_t* major, int32_t* minor) {
  return Get(Call::DeviceGetCudaComputeCapability, handle, [=](const Device& device) {
    const Return status = Put(major, device.board().cc_major);
    return status == kSuccess ? Put(minor, device.board().cc_minor) : status;
  });
}

NVML_EXPORT nvmlDeviceGetNumGpuCores(Handle handle, uint32_t* count) {
  return Get(Call::DeviceGetNumGpuCores, handle, [=](const Device& device) { return PutKnown(count, device.board().cores); });
}

NVML_EXPORT nvmlDeviceGetMemoryBusWidth(Handle handle, uint32_t* width) {
  return Get(Call::DeviceGetMemoryBusWidth, handle,
             [=](const Device& device) { return PutKnown(width, device.board().bus_width__bit); });
}

NVML_EXPORT nvmlDeviceGetNumFans(Handle handle, uint32_t* count) {
  return Get(Call::DeviceGetNumFans, handle, [=](const Device& device) { return PutKnown(count, device.board().fans); });
}

NVML_EXPORT nvmlDeviceGetPersistenceMode(Handle handle, uint32_t* mode) {
  return Get(Call::DeviceGetPersistenceMode, handle, [=](const Device& device) { return Put(mode, device.board().persistence); });
}

NVML_EXPORT nvmlDeviceGetComputeMode(Handle handle, uint32_t* mode) {
  return Get(Call::DeviceGetComputeMode, handle, [=](const Device&) { return Put(mode, 0); });
}

NVML_EXPORT nvmlDeviceGetEccMode(Handle handle, uint32_t* current, uint32_t* pending) {
  return Get(Call::DeviceGetEccMode, handle, [=](const Device& device) {
    if (!device.board().ecc) return kNotSupported;
    const Return status = Put(current, 1);
    return status == kSuccess ? Put(pending, 1) : status;
  });
}

NVML_EXPORT nvmlDeviceGetVirtualizationMode(Handle handle, uint32_t* mode) {
  return Get(Call::DeviceGetVirtualizationMode, handle, [=](const Device&) { return Put(mode, 0); });
}

NVML_EXPORT nvmlDeviceGetDisplayMode(Handle handle, uint32_t* mode) {
  return Get(Call::DeviceGetDisplayMode, handle, [=](const Device& device) { return Put(mode, device.board().graphics_processes > 0); });
}

NVML_EXPORT nvmlDeviceGetDisplayActive(Handle handle, uint32_t* mode) {
  return Get(Call::DeviceGetDisplayActive, handle, [=](const Device& device) { return Put(mode, device.board().graphics_processes > 0); });
}

NVML_EXPORT nvmlDeviceGetCurrPcieLinkGeneration(Handle handle, uint32_t* generation) {
  return PcieLink(Call::DeviceGetCurrPcieLinkGeneration, handle, &Board::pcie_generation, generation);
}
NVML_EXPORT nvmlDeviceGetMaxPcieLinkGeneration(Handle handle, uint32_t* generation) {
  return PcieLink(Call::DeviceGetMaxPcieLinkGeneration, handle, &Board::pcie_generation, generation);
}
NVML_EXPORT nvmlDeviceGetGpuMaxPcieLinkGeneration(Handle handle, uint32_t* generation) {
  return PcieLink(Call::DeviceGetGpuMaxPcieLinkGeneration, handle, &Board::pcie_generation, generation);
}
NVML_EXPORT nvmlDeviceGetCurrPcieLinkWidth(Handle handle, uint32_t* width) {
  return PcieLink(Call::DeviceGetCurrPcieLinkWidth, handle, &Board::pcie_width, width);
}
NVML_EXPORT nvmlDeviceGetMaxPcieLinkWidth(Handle handle, uint32_t* width) {
  return PcieLink(Call::DeviceGetMaxPcieLinkWidth, handle, &Board::pcie_width, width);
}

/** No partitions: the profiles have none. */
NVML_EXPORT nvmlDeviceGetMigMode(Handle handle, uint32_t* current, uint32_t* pending) {
  return Get(Call::DeviceGetMigMode, handle, [=](const Device& device) {
    if (device.board().architecture != 9) return kNotSupported;
    const Return status = Put(current, 0);
    return status == kSuccess ? Put(pending, 0) : status;
  });
}

NVML_EXPORT nvmlDeviceGetMaxMigDeviceCount(Handle handle, uint32_t* count) {
  return Get(Call::DeviceGetMaxMigDeviceCount, handle, [=](const Device&) { return Put(count, 0); });
}

NVML_EXPORT nvmlDeviceGetMigDeviceHandleByIndex(Handle handle, uint32_t, Handle*) {
  return Get(Call::DeviceGetMigDeviceHandleByIndex, handle, [](const Device&) { return kNotFound; });
}

NVML_EXPORT nvmlDeviceIsMigDeviceHandle(Handle handle, uint32_t* is) {
  return Get(Call::DeviceIsMigDeviceHandle, handle, [=](const Device&) { return Put(is, 0); });
}
