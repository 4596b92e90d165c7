// What drivers export and no simulated device supports; a call that comes to be simulated moves to calls.h.
// Thread: any; constant.
#pragma once

// clang-format off
// X(name without "nvml"): calls on a device
#define NVPULSE_UNSUPPORTED_DEVICE_CALLS(X) \
  X(DeviceClearAccountingPids) X(DeviceClearCpuAffinity) X(DeviceClearEccErrorCounts) \
  X(DeviceClearFieldValues) X(DeviceCreateGpuInstance) X(DeviceCreateGpuInstanceWithPlacement) \
  X(DeviceFreezeNvLinkUtilizationCounter) X(DeviceGetAPIRestriction) X(DeviceGetAccountingBufferSize) \
  X(DeviceGetAccountingMode) X(DeviceGetAccountingPids) X(DeviceGetAccountingStats) X(DeviceGetActiveVgpus) \
  X(DeviceGetAdaptiveClockInfoStatus) X(DeviceGetAddressingMode) X(DeviceGetApplicationsClock) \
  X(DeviceGetAttributes) X(DeviceGetAttributes_v2) X(DeviceGetAutoBoostedClocksEnabled) \
  X(DeviceGetBridgeChipInfo) X(DeviceGetBusType) X(DeviceGetC2cModeInfoV) X(DeviceGetCapabilities) \
  X(DeviceGetClkMonStatus) X(DeviceGetClockOffsets) X(DeviceGetComputeInstanceId) \
  X(DeviceGetConfComputeGpuAttestationReport) X(DeviceGetConfComputeGpuCertificate) \
  X(DeviceGetConfComputeMemSizeInfo) X(DeviceGetConfComputeProtectedMemoryUsage) X(DeviceGetCoolerInfo) \
  X(DeviceGetCpuAffinity) X(DeviceGetCpuAffinityWithinScope) X(DeviceGetCreatableVgpus) \
  X(DeviceGetCurrentClockFreqs) X(DeviceGetDefaultApplicationsClock) X(DeviceGetDefaultEccMode) \
  X(DeviceGetDetailedEccErrors) X(DeviceGetDeviceHandleFromMigDeviceHandle) X(DeviceGetDramEncryptionMode) \
  X(DeviceGetDriverModel) X(DeviceGetDriverModel_v2) X(DeviceGetDynamicPstatesInfo) \
  X(DeviceGetEncoderCapacity) X(DeviceGetEncoderSessions) X(DeviceGetEncoderStats) X(DeviceGetFBCSessions) \
  X(DeviceGetFBCStats) X(DeviceGetFanControlPolicy_v2) X(DeviceGetGpcClkMinMaxVfOffset) \
  X(DeviceGetGpcClkVfOffset) X(DeviceGetGpuFabricInfo) X(DeviceGetGpuFabricInfoV) \
  X(DeviceGetGpuInstanceById) X(DeviceGetGpuInstanceId) X(DeviceGetGpuInstancePossiblePlacements) \
  X(DeviceGetGpuInstancePossiblePlacements_v2) X(DeviceGetGpuInstanceProfileInfo) \
  X(DeviceGetGpuInstanceProfileInfoByIdV) X(DeviceGetGpuInstanceProfileInfoV) \
  X(DeviceGetGpuInstanceRemainingCapacity) X(DeviceGetGpuInstances) X(DeviceGetGpuOperationMode) \
  X(DeviceGetGridLicensableFeatures) X(DeviceGetGridLicensableFeatures_v2) \
  X(DeviceGetGridLicensableFeatures_v3) X(DeviceGetGridLicensableFeatures_v4) X(DeviceGetGspFirmwareMode) \
  X(DeviceGetGspFirmwareVersion) X(DeviceGetHostVgpuMode) X(DeviceGetHostname_v1) \
  X(DeviceGetInforomConfigurationChecksum) X(DeviceGetInforomImageVersion) X(DeviceGetInforomVersion) \
  X(DeviceGetIrqNum) X(DeviceGetLastBBXFlushTime) X(DeviceGetMaxCustomerBoostClock) \
  X(DeviceGetMemClkMinMaxVfOffset) X(DeviceGetMemClkVfOffset) X(DeviceGetMemoryAffinity) \
  X(DeviceGetMemoryErrorCounter) X(DeviceGetMinMaxClockOfPState) X(DeviceGetMinMaxFanSpeed) \
  X(DeviceGetModuleId) X(DeviceGetMultiGpuBoard) X(DeviceGetNumaNodeId) \
  X(DeviceGetNvLinkInfo) \
  X(DeviceGetNvLinkRemotePciInfo) X(DeviceGetNvLinkRemotePciInfo_v2) \
  X(DeviceGetNvLinkUtilizationControl) X(DeviceGetNvLinkUtilizationCounter) \
  X(DeviceGetNvlinkBwMode) X(DeviceGetNvlinkSupportedBwModes) X(DeviceGetP2PStatus) \
  X(DeviceGetPcieLinkMaxSpeed) X(DeviceGetPcieSpeed) X(DeviceGetPdi) X(DeviceGetPerformanceModes) \
  X(DeviceGetPgpuMetadataString) X(DeviceGetPlatformInfo) X(DeviceGetPowerMizerMode_v1) \
  X(DeviceGetPowerSource) X(DeviceGetRemappedRows) X(DeviceGetRepairStatus) X(DeviceGetRetiredPages) \
  X(DeviceGetRetiredPagesPendingStatus) X(DeviceGetRetiredPages_v2) X(DeviceGetRowRemapperHistogram) \
  X(DeviceGetSramEccErrorStatus) X(DeviceGetSramUniqueUncorrectedEccErrorCounts) \
  X(DeviceGetSupportedClocksEventReasons) X(DeviceGetSupportedClocksThrottleReasons) \
  X(DeviceGetSupportedGraphicsClocks) X(DeviceGetSupportedMemoryClocks) \
  X(DeviceGetSupportedPerformanceStates) X(DeviceGetSupportedVgpus) X(DeviceGetTargetFanSpeed) \
  X(DeviceGetThermalSettings) X(DeviceGetTopologyCommonAncestor) X(DeviceGetTopologyNearestGpus) \
  X(DeviceGetVgpuCapabilities) X(DeviceGetVgpuHeterogeneousMode) X(DeviceGetVgpuInstancesUtilizationInfo) \
  X(DeviceGetVgpuMetadata) X(DeviceGetVgpuProcessUtilization) X(DeviceGetVgpuProcessesUtilizationInfo) \
  X(DeviceGetVgpuSchedulerCapabilities) X(DeviceGetVgpuSchedulerLog) X(DeviceGetVgpuSchedulerState) \
  X(DeviceGetVgpuTypeCreatablePlacements) X(DeviceGetVgpuTypeSupportedPlacements) \
  X(DeviceGetVgpuUtilization) X(DeviceGetViolationStatus) X(DeviceOnSameBoard) \
  X(DevicePowerSmoothingActivatePresetProfile) X(DevicePowerSmoothingSetState) \
  X(DevicePowerSmoothingUpdatePresetProfileParam) X(DeviceReadPRMCounters_v1) X(DeviceReadWritePRM_v1) \
  X(DeviceResetApplicationsClocks) X(DeviceResetGpuLockedClocks) X(DeviceResetMemoryLockedClocks) \
  X(DeviceResetNvLinkErrorCounters) X(DeviceResetNvLinkUtilizationCounter) X(DeviceSetAPIRestriction) \
  X(DeviceSetAccountingMode) X(DeviceSetApplicationsClocks) X(DeviceSetAutoBoostedClocksEnabled) \
  X(DeviceSetClockOffsets) X(DeviceSetComputeMode) X(DeviceSetConfComputeUnprotectedMemSize) \
  X(DeviceSetCpuAffinity) X(DeviceSetDefaultAutoBoostedClocksEnabled) X(DeviceSetDefaultFanSpeed_v2) \
  X(DeviceSetDramEncryptionMode) X(DeviceSetDriverModel) X(DeviceSetEccMode) X(DeviceSetFanControlPolicy) \
  X(DeviceSetFanSpeed_v2) X(DeviceSetGpcClkVfOffset) X(DeviceSetGpuLockedClocks) \
  X(DeviceSetGpuOperationMode) X(DeviceSetHostname_v1) X(DeviceSetMemClkVfOffset) \
  X(DeviceSetMemoryLockedClocks) X(DeviceSetMigMode) X(DeviceSetNvLinkDeviceLowPowerThreshold) \
  X(DeviceSetNvLinkUtilizationControl) X(DeviceSetNvlinkBwMode) X(DeviceSetPersistenceMode) \
  X(DeviceSetPowerManagementLimit) X(DeviceSetPowerManagementLimit_v2) X(DeviceSetPowerMizerMode_v1) \
  X(DeviceSetTemperatureThreshold) X(DeviceSetVgpuCapabilities) X(DeviceSetVgpuHeterogeneousMode) \
  X(DeviceSetVgpuSchedulerState) X(DeviceSetVirtualizationMode) X(DeviceValidateInforom) \
  X(DeviceWorkloadPowerProfileClearRequestedProfiles) X(DeviceWorkloadPowerProfileGetCurrentProfiles) \
  X(DeviceWorkloadPowerProfileGetProfilesInfo) X(DeviceWorkloadPowerProfileSetRequestedProfiles)

// those that begin with something else
#define NVPULSE_UNSUPPORTED_OTHER_CALLS(X) \
  X(ComputeInstanceDestroy) X(ComputeInstanceGetInfo) X(ComputeInstanceGetInfo_v2) X(DeviceDiscoverGpus) \
  X(DeviceGetHandleByUUIDV) X(DeviceModifyDrainState) X(DeviceQueryDrainState) X(DeviceRemoveGpu) \
  X(DeviceRemoveGpu_v2) X(GetBlacklistDeviceCount) X(GetBlacklistDeviceInfoByIndex) \
  X(GetExcludedDeviceCount) X(GetExcludedDeviceInfoByIndex) X(GetVgpuCompatibility) \
  X(GetVgpuDriverCapabilities) X(GetVgpuVersion) X(GpmMetricsGet) X(GpmMigSampleGet) \
  X(GpmQueryIfStreamingEnabled) X(GpmSampleAlloc) X(GpmSampleFree) X(GpmSampleGet) \
  X(GpmSetStreamingEnabled) X(GpuInstanceCreateComputeInstance) \
  X(GpuInstanceCreateComputeInstanceWithPlacement) X(GpuInstanceDestroy) X(GpuInstanceGetActiveVgpus) \
  X(GpuInstanceGetComputeInstanceById) X(GpuInstanceGetComputeInstancePossiblePlacements) \
  X(GpuInstanceGetComputeInstanceProfileInfo) X(GpuInstanceGetComputeInstanceProfileInfoV) \
  X(GpuInstanceGetComputeInstanceRemainingCapacity) X(GpuInstanceGetComputeInstances) \
  X(GpuInstanceGetCreatableVgpus) X(GpuInstanceGetInfo) X(GpuInstanceGetVgpuHeterogeneousMode) \
  X(GpuInstanceGetVgpuSchedulerLog) X(GpuInstanceGetVgpuSchedulerState) \
  X(GpuInstanceGetVgpuTypeCreatablePlacements) X(GpuInstanceSetVgpuHeterogeneousMode) \
  X(GpuInstanceSetVgpuSchedulerState) X(InternalGetExportTable) X(Retry_NvRmControl) X(SetVgpuVersion) \
  X(SystemEventSetCreate) X(SystemEventSetFree) X(SystemEventSetWait) X(SystemGetConfComputeCapabilities) \
  X(SystemGetConfComputeGpusReadyState) X(SystemGetConfComputeKeyRotationThresholdInfo) \
  X(SystemGetConfComputeSettings) X(SystemGetConfComputeState) X(SystemGetHicVersion) \
  X(SystemGetNvlinkBwMode) X(SystemGetTopologyGpuSet) X(SystemRegisterEvents) \
  X(SystemSetConfComputeGpusReadyState) X(SystemSetConfComputeKeyRotationThresholdInfo) \
  X(SystemSetNvlinkBwMode) X(UnitGetCount) X(UnitGetDevices) X(UnitGetFanSpeedInfo) X(UnitGetHandleByIndex) \
  X(UnitGetLedState) X(UnitGetPsuInfo) X(UnitGetTemperature) X(UnitGetUnitInfo) X(UnitSetLedState) \
  X(VgpuInstanceClearAccountingPids) X(VgpuInstanceGetAccountingMode) X(VgpuInstanceGetAccountingPids) \
  X(VgpuInstanceGetAccountingStats) X(VgpuInstanceGetEccMode) X(VgpuInstanceGetEncoderCapacity) \
  X(VgpuInstanceGetEncoderSessions) X(VgpuInstanceGetEncoderStats) X(VgpuInstanceGetFBCSessions) \
  X(VgpuInstanceGetFBCStats) X(VgpuInstanceGetFbUsage) X(VgpuInstanceGetFrameRateLimit) \
  X(VgpuInstanceGetGpuInstanceId) X(VgpuInstanceGetGpuPciId) X(VgpuInstanceGetLicenseInfo) \
  X(VgpuInstanceGetLicenseInfo_v2) X(VgpuInstanceGetLicenseStatus) X(VgpuInstanceGetMdevUUID) \
  X(VgpuInstanceGetMetadata) X(VgpuInstanceGetPlacementId) X(VgpuInstanceGetRuntimeStateSize) \
  X(VgpuInstanceGetType) X(VgpuInstanceGetUUID) X(VgpuInstanceGetVmDriverVersion) X(VgpuInstanceGetVmID) \
  X(VgpuInstanceSetEncoderCapacity) X(VgpuTypeGetBAR1Info) X(VgpuTypeGetCapabilities) X(VgpuTypeGetClass) \
  X(VgpuTypeGetDeviceID) X(VgpuTypeGetFbReservation) X(VgpuTypeGetFrameRateLimit) \
  X(VgpuTypeGetFramebufferSize) X(VgpuTypeGetGpuInstanceProfileId) X(VgpuTypeGetGspHeapSize) \
  X(VgpuTypeGetLicense) X(VgpuTypeGetMaxInstances) X(VgpuTypeGetMaxInstancesPerGpuInstance) \
  X(VgpuTypeGetMaxInstancesPerVm) X(VgpuTypeGetName) X(VgpuTypeGetNumDisplayHeads) X(VgpuTypeGetResolution)
// clang-format on
