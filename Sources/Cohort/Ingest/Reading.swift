import DICOM
import Imaging
import NIfTI
import SliceStore
import Zarr

extension Worker {
  /// Reads a planned volume, channels of several files put behind one another.
  func read(_ plan: PlannedVolume) throws(Fault) -> ReadVolume {
    switch plan.source {
    case .dicom(let series): return try read(series)
    case .nifti(let files, let summaries, let fourthIsChannels):
      var parts: [ReadVolume] = []
      for (file, summary) in zip(files, summaries) {
        parts.append(
          try read(nifti: file, channels: fourthIsChannels).unchanged(summary, file))
      }
      return parts.count == 1 ? parts[0] : try joined(parts)
    }
  }

  /// A planned volume to be written as it is read, and what is known of it by then.
  func source(of plan: PlannedVolume) throws(Fault) -> (read: ReadVolume, source: VolumeSource) {
    if case .dicom(let series) = plan.source {
      return (ReadVolume(volume: series.shape, flags: series.flags), try source(of: series))
    }
    if case .nifti(let files, let summaries, let channels) = plan.source, files.count == 1 {
      let (read, source) = try source(nifti: files[0], channels: channels)
      return (try read.unchanged(summaries[0], files[0]), source)
    }
    let read = try read(plan)
    return (read, VolumeSource(read.whole))
  }

  /// Reads a mask; throws when its voxels are no classes.
  func readMask(_ path: String) throws(Fault) -> DrawnMask {
    let (read, source) = try source(nifti: path, channels: false)
    var mask = try DrawnMask(source)
    mask.isPlaced = !read.flags.contains(NIfTIFinding.orientationUnknown.flag)
    return mask
  }

  private func joined(_ parts: [ReadVolume]) throws(Fault) -> ReadVolume {
    var whole = parts[0]
    let first = parts[0].volume
    for part in parts {
      guard part.volume.type == first.type, part.volume.leading == .none,
        part.volume.grid.sharesVoxels(with: first.grid)
      else { throw Fault(.channels, RefusalCode.channels.explanation) }
    }
    let pairs = parts.flatMap { part in
      (0..<first.grid.size.z).map { part.volume.scaling.pair(slice: $0) }
    }
    whole.bytes = parts.flatMap(\.bytes)
    whole.volume = VolumeShape(
      grid: first.grid, leading: .channel(parts.count), type: first.type,
      scaling: Scaling.perSlice(slope: pairs.map(\.slope), intercept: pairs.map(\.intercept))
        .simplified)
    whole.flags = Array(Set(parts.flatMap(\.flags))).sorted()
    return whole
  }
}

extension ReadVolume {
  /// The volume, if it lies where its file's header said earlier.
  fileprivate func unchanged(_ summary: NIfTISummary, _ file: String) throws(Fault) -> ReadVolume {
    guard volume.grid == summary.grid else {
      throw Fault(.changed, "\(file): the file has changed since its header was read")
    }
    return self
  }
}

extension PlannedVolume {
  /// What the store keeps of the volume beside its voxels.
  func record(_ read: ReadVolume, _ pseudonyms: Pseudonyms) -> CohortVolume {
    var acquisition: [String: JSON] = [:]
    var isDICOM = false
    if case .dicom(let series) = source {
      isDICOM = true
      acquisition = series.acquisition.keywords
      if let padding = series.padding { acquisition["PixelPaddingValue"] = .int(padding) }
      if let limit = series.representative.pixels?.paddingLimit {
        acquisition["PixelPaddingRangeLimit"] = .int(limit)
      }
      // PS3.15's "longitudinal, modified dates": days between studies stay true, the days do not.
      if let date = identity.studyDate.flatMap({
        pseudonyms.shifted(date: $0, patient: identity.patientIdentity)
      }) {
        acquisition["ShiftedStudyDate"] = .string(date)
      }
    }
    if let step = read.timeStep { acquisition["RepetitionTime"] = .number(step * 1000) }
    var units: String?
    if case .string(let text) = acquisition["Units"] { units = text }
    if units == nil, modality == "CT" { units = "HU" }
    let channels: [String] =
      if case .channel(let count) = read.volume.leading {
        (0..<count).map { channel in
          guard channel < channelNames.count else { return "channel \(channel)" }
          return GivenNames(of: identity)
            .allowed(channelNames[channel], else: "channel \(channel)")
        }
      } else { [] }
    return CohortVolume(
      id: identity.id, patient: identity.patient, study: identity.study, series: identity.series,
      modality: modality, of: read.volume, units: units, acquisition: acquisition,
      channelNames: channels, source: isDICOM ? .dicom : .nifti, sourceDigest: identity.digest,
      flags: Array(Set(flags + read.flags)).sorted(), niftiHeader: read.niftiHeader?.base64)
  }
}

extension Acquisition {
  /// The parameters under their DICOM keywords, in DICOM's units.
  var keywords: [String: JSON] {
    var found: [String: JSON] = ["Modality": .string(modality)]
    func put(_ keyword: String, _ text: String?) { found[keyword] = text.map { .string($0) } }
    func put(_ keyword: String, _ number: Double?) {
      found[keyword] = number.flatMap { $0.isFinite ? .number($0) : nil }
    }
    put("Manufacturer", manufacturer)
    put("ManufacturerModelName", model)
    put("MagneticFieldStrength", fieldStrength)
    put("EchoTime", echoTime)
    put("RepetitionTime", repetitionTime)
    put("InversionTime", inversionTime)
    put("FlipAngle", flipAngle)
    put("KVP", kVp)
    put("ConvolutionKernel", allowedKernel)
    put("SliceThickness", sliceThickness)
    put("SpacingBetweenSlices", spacingBetweenSlices)
    put("BodyPartExamined", bodyPart)
    put("ScanningSequence", scanningSequence)
    put("MRAcquisitionType", acquisitionType)
    put("Units", units)
    found["ContrastAgent"] = contrast.map { .bool($0) }
    return found
  }
}
