// Reads every GPU with go-nvml, for one JSON list on stdout: metrics by our names, or {"code": n} for NVML's return
// code; a GPU that cannot be opened is one code.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

const mib = 1 << 20

func answer(value any, result nvml.Return) any {
	if result != nvml.SUCCESS {
		return map[string]int{"code": int(result)}
	}
	return value
}

func watts(milliwatts uint32, result nvml.Return) any {
	return answer(float64(milliwatts)/1000, result)
}

func clock(device nvml.Device, kind nvml.ClockType) any {
	return answer(device.GetClockInfo(kind))
}

func memoryTemperature(device nvml.Device) any {
	fields := []nvml.FieldValue{{FieldId: nvml.FI_DEV_MEMORY_TEMP}}
	result := device.GetFieldValues(fields)
	if result == nvml.SUCCESS {
		result = nvml.Return(fields[0].NvmlReturn)
	}
	return answer(binary.LittleEndian.Uint32(fields[0].Value[:]), result)
}

func read(device nvml.Device) map[string]any {
	rates, ratesResult := device.GetUtilizationRates()
	encoder, _, encoderResult := device.GetEncoderUtilization()
	decoder, _, decoderResult := device.GetDecoderUtilization()
	memory, memoryResult := device.GetMemoryInfo()
	energy, energyResult := device.GetTotalEnergyConsumption()
	return map[string]any{
		"name":                     answer(device.GetName()),
		"gpu_clock__MHz":           clock(device, nvml.CLOCK_SM),
		"memory_clock__MHz":        clock(device, nvml.CLOCK_MEM),
		"graphics_clock__MHz":      clock(device, nvml.CLOCK_GRAPHICS),
		"gpu_utilization__pct":     answer(rates.Gpu, ratesResult),
		"memory_utilization__pct":  answer(rates.Memory, ratesResult),
		"encoder_utilization__pct": answer(encoder, encoderResult),
		"decoder_utilization__pct": answer(decoder, decoderResult),
		"gpu_temperature__C":       answer(device.GetTemperature(nvml.TEMPERATURE_GPU)),
		"memory_temperature__C":    memoryTemperature(device),
		"fan_speed__pct":           answer(device.GetFanSpeed()),
		"perf_state":               answer(device.GetPerformanceState()),
		"power_draw__W":            watts(device.GetPowerUsage()),
		"power_limit__W":           watts(device.GetEnforcedPowerLimit()),
		"memory_free__MiB":         answer(float64(memory.Free)/mib, memoryResult),
		"memory_total__MiB":        answer(float64(memory.Total)/mib, memoryResult),
		"energy__J":                answer(float64(energy)/1000, energyResult),
	}
}

func main() {
	if result := nvml.Init(); result != nvml.SUCCESS {
		fmt.Fprintln(os.Stderr, "nvmlInit:", result)
		os.Exit(1)
	}
	// Nothing that is simulated: a function that the library lacks ends the program here.
	if _, result := nvml.UnitGetCount(); result != nvml.ERROR_NOT_SUPPORTED {
		fmt.Fprintln(os.Stderr, "nvmlUnitGetCount:", result)
		os.Exit(1)
	}
	count, _ := nvml.DeviceGetCount()
	gpus := make([]any, count)
	for i := range gpus {
		device, result := nvml.DeviceGetHandleByIndex(i)
		if result != nvml.SUCCESS {
			gpus[i] = answer(nil, result)
			continue
		}
		gpus[i] = read(device)
	}
	json.NewEncoder(os.Stdout).Encode(gpus)
}
