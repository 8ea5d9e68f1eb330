import DICOM
import Foundation
import Imaging
import NIfTI

/// What can go wrong while a phantom is written.
public enum PhantomError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A DICOM file could not be written.
  case dicom(DICOMError)
  /// A mask could not be written.
  case mask(NIfTIError)
  /// A folder or text file could not be written.
  case unwritable(path: String)

  /// One sentence: which file, and what is wrong.
  public var description: String {
    switch self {
    case .dicom(let error): error.description
    case .mask(let error): error.description
    case .unwritable(let path): "\(path) could not be written: check the folder and its space."
    }
  }
}

/// One synthetic scan: the voxels that its DICOM files hold, and the truth about them.
public struct PhantomScan: Sendable {
  /// Stored values as the scanner would give them, `int16`-sized and not negative.
  public var volume: Volume
  /// Classes on the same grid.
  public var labels: LabelMap
}

/// Synthetic patients: genuine DICOM series, and masks that are known without an observer.
public enum Phantom {
  /// Writes `dicom/<patient>/<series>/*.dcm` and `labels/<patient>.nii.gz` under `folder`.
  ///
  /// `labels/labels.tsv` ties each mask to a SeriesInstanceUID, `labels/labels.json` names the
  /// classes. `onPatient` hears of each patient written.
  public static func write(
    _ recipe: PhantomRecipe, into folder: String, onPatient: (Int) -> Void = { _ in }
  ) throws(PhantomError) {
    let labels = folder + "/labels"
    try makeFolder(labels)
    var table = "mask\tseries_instance_uid\n"
    for patient in 0..<recipe.patients {
      let scan = scan(recipe, patient: patient)
      let identity = PhantomIdentity(seed: recipe.seed, patient: patient)
      let series = "\(folder)/dicom/\(identity.patientID)/2-structural"
      try makeFolder(series)
      try writeSeries(
        scan.volume, identity, plane: recipe.plane(patient),
        transferSyntax: recipe.transferSyntax(patient), into: series)
      let mask = identity.patientID + ".nii.gz"
      do {
        try NIfTIFile.write(scan.labels, to: labels + "/" + mask)
      } catch {
        throw .mask(error)
      }
      table += "\(mask)\t\(identity.uid(.series))\n"
      onPatient(patient)
    }
    try write(names, to: labels + "/labels.json")
    try write(table, to: labels + "/labels.tsv")
  }

  /// One patient's scan, without a file.
  public static func scan(_ recipe: PhantomRecipe, patient: Int) -> PhantomScan {
    let anatomy = Anatomy(seed: recipe.seed, patient: patient)
    let grid = recipe.grid(patient)
    var noise = PhantomRandom(seed: recipe.seed, UInt64(patient), 3)
    var values = [UInt16](repeating: 0, count: grid.count)
    var labels = [UInt16](repeating: 0, count: grid.count)
    var voxel = 0
    for z in 0..<grid.size.z {
      for y in 0..<grid.size.y {
        for x in 0..<grid.size.x {
          let point = grid.affine(SIMD3(Double(x), Double(y), Double(z)))
          let signal = anatomy.signal(point)
          // Magnitude of a complex signal: noise in two channels.
          let (re, im) = (
            signal + noise.noise() * anatomy.levels.noise, noise.noise() * anatomy.levels.noise
          )
          let magnitude = (re * re + im * im).squareRoot() * anatomy.scale
          values[voxel] = UInt16(min(max(magnitude.rounded(), 0), 4095))
          labels[voxel] = anatomy.label(point)
          voxel += 1
        }
      }
    }
    return PhantomScan(
      volume: Volume(grid: grid, values: values),
      labels: LabelMap(grid: grid, labels: labels, names: Anatomy.labelNames))
  }

  private static var names: String {
    let lines = Anatomy.labelNames.sorted { $0.key < $1.key }.map { "  \"\($0)\": \"\($1)\"" }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }

  static func makeFolder(_ path: String) throws(PhantomError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: path)
    }
  }

  static func write(_ text: String, to path: String) throws(PhantomError) {
    try write([UInt8](text.utf8), to: path)
  }

  static func write(_ bytes: [UInt8], to path: String) throws(PhantomError) {
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .unwritable(path: path)
    }
  }
}

extension Phantom {
  static func read(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { [UInt8]($0) }
  }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
