//! Reads every GPU with nvml-wrapper, for one JSON list on stdout: metrics by our names, or {"code": n} for NVML's return
//! code; a GPU that cannot be opened is one code.
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::{Device, Nvml};

const MIB: f64 = 1048576.0;

fn code(error: NvmlError) -> String {
    let code = match error {
        NvmlError::NotSupported => 3,
        NvmlError::NoPermission => 4,
        NvmlError::FailedToLoadSymbol(_) => 13,
        NvmlError::Unknown => 999,
        other => panic!("{other:?}"),
    };
    format!("{{\"code\": {code}}}")
}

fn number(answer: Result<impl Into<f64>, NvmlError>) -> String {
    answer.map_or_else(code, |value| value.into().to_string())
}

fn memory_temperature(device: &Device) -> Result<u32, NvmlError> {
    match device.field_values_for(&[FieldId(82)])?.remove(0)?.value? {
        SampleValue::U32(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}

fn read(device: Device) -> String {
    let rates = || device.utilization_rates();
    let memory = || device.memory_info();
    let metrics = [
        ("name", device.name().map_or_else(code, |name| format!("{name:?}"))),
        ("gpu_clock__MHz", number(device.clock_info(Clock::SM))),
        ("memory_clock__MHz", number(device.clock_info(Clock::Memory))),
        ("graphics_clock__MHz", number(device.clock_info(Clock::Graphics))),
        ("gpu_utilization__pct", number(rates().map(|rates| rates.gpu))),
        ("memory_utilization__pct", number(rates().map(|rates| rates.memory))),
        ("encoder_utilization__pct", number(device.encoder_utilization().map(|info| info.utilization))),
        ("decoder_utilization__pct", number(device.decoder_utilization().map(|info| info.utilization))),
        ("gpu_temperature__C", number(device.temperature(TemperatureSensor::Gpu))),
        ("memory_temperature__C", number(memory_temperature(&device))),
        ("fan_speed__pct", number(device.fan_speed(0))),
        ("perf_state", number(device.performance_state().map(|state| state.as_c()))),
        ("power_draw__W", number(device.power_usage().map(|mw| f64::from(mw) / 1000.0))),
        ("power_limit__W", number(device.enforced_power_limit().map(|mw| f64::from(mw) / 1000.0))),
        ("memory_used__MiB", number(memory().map(|memory| memory.used as f64 / MIB))),
        ("memory_free__MiB", number(memory().map(|memory| memory.free as f64 / MIB))),
        ("memory_total__MiB", number(memory().map(|memory| memory.total as f64 / MIB))),
        ("energy__J", number(device.total_energy_consumption().map(|mj| mj as f64 / 1000.0))),
    ];
    let members = metrics.map(|(name, value)| format!("\"{name}\": {value}"));
    format!("{{{}}}", members.join(", "))
}

fn main() -> Result<(), NvmlError> {
    let nvml = Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init()?;
    let gpus: Vec<String> = (0..nvml.device_count()?)
        .map(|index| nvml.device_by_index(index).map_or_else(code, read))
        .collect();
    println!("[{}]", gpus.join(",\n"));
    Ok(())
}
