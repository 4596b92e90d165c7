// Twelve metrics of every GPU with go-nvml. Reads a number of passes from a line of stdin, makes them, and prints the
// nanoseconds of one; of none, the sum of the first GPU's values.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

const metrics = 12

func read(device nvml.Device, values []float64, status []uint16) {
	tell := func(at int, result nvml.Return, value float64) {
		if result == nvml.SUCCESS {
			values[at] = value
		}
		status[at] = uint16(result)
	}
	clock, result := device.GetClockInfo(nvml.CLOCK_SM)
	tell(0, result, float64(clock))
	clock, result = device.GetClockInfo(nvml.CLOCK_MEM)
	tell(1, result, float64(clock))
	clock, result = device.GetClockInfo(nvml.CLOCK_GRAPHICS)
	tell(2, result, float64(clock))
	rates, result := device.GetUtilizationRates()
	tell(3, result, float64(rates.Gpu))
	tell(4, result, float64(rates.Memory))
	used, _, result := device.GetEncoderUtilization()
	tell(5, result, float64(used))
	used, _, result = device.GetDecoderUtilization()
	tell(6, result, float64(used))
	temperature, result := device.GetTemperature(nvml.TEMPERATURE_GPU)
	tell(7, result, float64(temperature))
	fields := [1]nvml.FieldValue{{FieldId: 82}}
	result = device.GetFieldValues(fields[:])
	if result == nvml.SUCCESS {
		result = nvml.Return(fields[0].NvmlReturn)
	}
	tell(8, result, float64(binary.LittleEndian.Uint32(fields[0].Value[:])))
	fan, result := device.GetFanSpeed()
	tell(9, result, float64(fan))
	state, result := device.GetPerformanceState()
	tell(10, result, float64(state))
	power, result := device.GetPowerUsage()
	tell(11, result, float64(power)*1e-3)
}

func main() {
	if result := nvml.Init(); result != nvml.SUCCESS {
		fmt.Fprintln(os.Stderr, "nvmlInit:", result)
		os.Exit(1)
	}
	count, _ := nvml.DeviceGetCount()
	devices := make([]nvml.Device, count)
	for i := range devices {
		devices[i], _ = nvml.DeviceGetHandleByIndex(i)
	}
	values := make([]float64, count*metrics)
	status := make([]uint16, count*metrics)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		passes, _ := strconv.Atoi(lines.Text())
		if passes == 0 {
			read(devices[0], values, status)
			sum := 0.0
			for _, value := range values[:metrics] {
				sum += value
			}
			fmt.Printf("%.3f\n", sum)
			continue
		}
		begun := time.Now()
		for pass := 0; pass < passes; pass++ {
			for i, device := range devices {
				read(device, values[i*metrics:], status[i*metrics:])
			}
		}
		fmt.Printf("%.3f\n", float64(time.Since(begun).Nanoseconds())/float64(passes))
	}
}
