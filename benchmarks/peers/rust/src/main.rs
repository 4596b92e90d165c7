//! Twelve metrics of every GPU with nvml-wrapper. Reads a number of passes from a line of stdin, makes them, and prints
//! the nanoseconds of one; of none, the sum of the first GPU's values.
use std::io::BufRead;
use std::time::Instant;

use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::{Device, Nvml};

const METRICS: usize = 12;

fn tell(to: &mut f64, answer: Result<f64, NvmlError>) {
    *to = answer.unwrap_or(f64::NAN);
}

fn number(value: SampleValue) -> f64 {
    match value {
        SampleValue::F64(v) => v,
        SampleValue::U32(v) => v.into(),
        SampleValue::U64(v) => v as f64,
        SampleValue::I64(v) => v as f64,
    }
}

fn read(device: &Device, values: &mut [f64]) {
    tell(&mut values[0], device.clock_info(Clock::SM).map(f64::from));
    tell(&mut values[1], device.clock_info(Clock::Memory).map(f64::from));
    tell(&mut values[2], device.clock_info(Clock::Graphics).map(f64::from));
    let rates = device.utilization_rates();
    values[3] = rates.as_ref().map_or(f64::NAN, |r| r.gpu.into());
    values[4] = rates.as_ref().map_or(f64::NAN, |r| r.memory.into());
    tell(&mut values[5], device.encoder_utilization().map(|u| u.utilization.into()));
    tell(&mut values[6], device.decoder_utilization().map(|u| u.utilization.into()));
    tell(&mut values[7], device.temperature(TemperatureSensor::Gpu).map(f64::from));
    let field = device.field_values_for(&[FieldId(82)]);
    tell(&mut values[8], field.and_then(|mut f| f.remove(0)).and_then(|s| s.value).map(number));
    tell(&mut values[9], device.fan_speed(0).map(f64::from));
    tell(&mut values[10], device.performance_state().map(|s| s as u32 as f64));
    tell(&mut values[11], device.power_usage().map(|p| f64::from(p) * 1e-3));
}

fn main() -> Result<(), NvmlError> {
    let path = std::env::var_os("NVPULSE_NVML").expect("NVPULSE_NVML");
    let nvml = Nvml::builder().lib_path(&path).init()?;
    let devices = (0..nvml.device_count()?)
        .map(|i| nvml.device_by_index(i))
        .collect::<Result<Vec<_>, _>>()?;
    let mut values = vec![0.0; devices.len() * METRICS];
    for line in std::io::stdin().lock().lines() {
        let passes: u64 = line.expect("stdin").parse().expect("a number");
        let begun = Instant::now();
        for _ in 0..passes {
            for (device, values) in devices.iter().zip(values.chunks_mut(METRICS)) {
                read(device, values);
            }
            std::hint::black_box(&values);
        }
        if passes == 0 {
            read(&devices[0], &mut values);
            println!("{:.3}", values[..METRICS].iter().sum::<f64>());
            continue;
        }
        println!("{:.3}", begun.elapsed().as_nanos() as f64 / passes as f64);
    }
    Ok(())
}
