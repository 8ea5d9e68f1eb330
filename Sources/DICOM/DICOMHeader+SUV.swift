import Foundation
import Imaging

extension DICOMFile {
  /// What turns Bq/ml into the standardised uptake value by body weight in g/ml: weight over the dose
  /// that is left when the scan starts (QIBA's FDG-PET/CT profile, SUV by vendor-neutral attributes).
  ///
  /// nil unless the file has every number for it and decay was corrected to the start of the scan.
  func uptakeFactor(_ item: DICOMItem) -> Double? {
    guard item.text(Tag.units) == "BQML", item.text(Tag.decayCorrection) == "START",
      let tracer = item.items(Tag.radiopharmaceuticals).first,
      let dose = tracer.number(Tag.totalDose), dose > 0,
      let halfLife = tracer.number(Tag.halfLife), halfLife > 0,
      let weight = item.number(Tag.patientWeight), weight > 0,
      let elapsed = secondsSinceInjection(item, tracer)
    else { return nil }
    let factor = weight * 1000 / (dose * exp2(-elapsed / halfLife))
    return factor.isFinite && factor > 0 && factor < 1e6 ? factor : nil
  }

  /// From injection to the start of the series; nil if that is no time between both, or if the
  /// series' time is that of a later processing.
  private func secondsSinceInjection(_ item: DICOMItem, _ tracer: DICOMItem) -> Double? {
    let date = item.text(Tag.seriesDate) ?? ""
    guard let scan = DICOMHeader.Time.seconds(date: date, time: item.text(Tag.seriesTime) ?? "")
    else { return nil }
    let start =
      DICOMHeader.Time.seconds(dateTime: tracer.text(Tag.tracerStartDateTime) ?? "")
      ?? DICOMHeader.Time.seconds(date: date, time: tracer.text(Tag.tracerStartTime) ?? "")
    if let acquired = DICOMHeader.Time(item).acquisition, acquired < scan { return nil }
    return start.map { scan - $0 }.flatMap { (0...86_400).contains($0) ? $0 : nil }
  }
}

extension Scaling {
  /// The real values times a factor.
  func times(_ factor: Double) -> Scaling {
    switch self {
    case .identity: .uniform(slope: factor, intercept: 0)
    case .uniform(let slope, let intercept):
      .uniform(slope: slope * factor, intercept: intercept * factor)
    case .perSlice(let slopes, let intercepts):
      .perSlice(slope: slopes.map { $0 * factor }, intercept: intercepts.map { $0 * factor })
    }
  }
}
