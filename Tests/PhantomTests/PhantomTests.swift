import DICOM
import Foundation
import Imaging
import NIfTI
import Phantom
import TestFolders
import Testing

@Suite struct PhantomTests {
  @Test func aCohortComesBackThroughDICOMVoxelForVoxel() throws {
    try withFolder { folder in
      var recipe = PhantomRecipe(patients: 10, seed: 7)
      recipe.size = SIMD3(14, 18, 4)
      recipe.planes = PhantomPlane.allCases
      try Phantom.write(recipe, into: folder)
      let headers = try files(under: folder + "/dicom").map { try DICOMFile.header($0) }
      #expect(Set(headers.map(\.transferSyntax)) == Set(recipe.transferSyntaxes))
      let grouping = DICOMSeries.group(headers)
      #expect(grouping.refused.isEmpty && grouping.notes.isEmpty && grouping.nonImages.isEmpty)
      #expect(grouping.series.count == 10)
      let table = try String(contentsOfFile: folder + "/labels/labels.tsv", encoding: .utf8)
      for (patient, line) in table.split(separator: "\n").dropFirst().enumerated() {
        let (mask, uid) = (line.split(separator: "\t")[0], line.split(separator: "\t")[1])
        let series = try #require(grouping.series.first { $0.seriesUID == uid })
        let truth = Phantom.scan(recipe, patient: patient)
        let volume = try series.volume()
        #expect(volume.bytes == truth.volume.bytes)
        #expect(volume.grid.matches(truth.volume.grid, tolerance: 1e-6))
        let read = try NIfTIFile.read(folder + "/labels/" + mask).volume
        let labels = try #require(LabelMap(read)?.aligned(to: volume.grid))
        #expect(labels.labels == truth.labels.labels)
      }
    }
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    try withFolder { folder in
      var recipe = PhantomRecipe(patients: 5, seed: 3)
      recipe.size = SIMD3(16, 16, 4)
      try Phantom.write(recipe, into: folder + "/a")
      try Phantom.write(recipe, into: folder + "/b")
      let (a, b) = (try files(under: folder + "/a"), try files(under: folder + "/b"))
      #expect(a.map { $0.dropFirst(folder.count + 2) } == b.map { $0.dropFirst(folder.count + 2) })
      #expect(a.count == 5 * 4 + 5 + 2)
      for (first, second) in zip(a, b) {
        #expect(
          FileManager.default.contents(atPath: first)
            == FileManager.default.contents(atPath: second), "\(first)")
      }
    }
  }

  @Test func everyPatientHasEveryStructureAndNoTwoAreAlike() {
    var recipe = PhantomRecipe(patients: 6)
    recipe.planes = [.axial]
    recipe.size = SIMD3(48, 48, 24)
    recipe.pixelSpacing = 3.6
    var seen: [[UInt16]] = []
    for patient in 0..<6 {
      let labels = Phantom.scan(recipe, patient: patient).labels
      for label: UInt16 in 1...3 {
        let count = labels.labels.count { $0 == label }
        #expect(count > 20, "class \(label) of patient \(patient) has \(count) voxels")
      }
      #expect(!seen.contains(labels.labels))
      seen.append(labels.labels)
    }
  }

  /// Were brightness enough, a threshold would find the organ; as many voxels elsewhere share it.
  @Test func brightnessAloneDoesNotFindTheOrgan() {
    var recipe = PhantomRecipe(patients: 1)
    recipe.size = SIMD3(48, 48, 24)
    recipe.pixelSpacing = 3.6
    let scan = Phantom.scan(recipe, patient: 0)
    let values = scan.volume.values()
    let organ = zip(values, scan.labels.labels).filter { $0.1 == 1 || $0.1 == 2 }.map(\.0).sorted()
    let (low, high) = (organ[organ.count / 20], organ[organ.count * 19 / 20])
    let elsewhere = zip(values, scan.labels.labels).count { value, label in
      (label == 0 || label == 3) && (low...high).contains(value)
    }
    #expect(elsewhere > organ.count)
  }

  @Test func hostileFilesAreRefusedEachForItsReason() throws {
    try withFolder { folder in
      let paths = try Phantom.writeHostile(into: folder)
      #expect(paths.count == 4)
      let codes = paths.map { path -> String in
        do throws(DICOMError) {
          _ = try DICOMFile.header(path)
          return "taken"
        } catch {
          return error.code
        }
      }
      #expect(codes == ["limit", "pixels", "not-dicom", "not-dicom"])
      let size = try FileManager.default.attributesOfItem(atPath: paths[0])[.size] as? Int
      #expect(size ?? 0 > 100_000)
    }
  }

  @Test func tinySeriesGroupAsTheyWereWritten() throws {
    try withFolder { folder in
      try Phantom.writeTiny(files: 25, perSeries: 10, into: folder)
      let headers = try files(under: folder).map { try DICOMFile.header($0) }
      let grouping = DICOMSeries.group(headers)
      #expect(grouping.series.map(\.grid.size.z).sorted() == [5, 10, 10])
    }
  }

  @Test func everyKindOfSeriesIsGroupedAsItWasMeant() throws {
    try withFolder { folder in
      try Phantom.writeSeries(into: folder)
      let expected: [PhantomSeries: [String]] = [
        .echoes: ["e1", "e2"], .phase: ["magnitude", "phase"], .missing: [], .uneven: [],
        .localizer: ["o1", "o2", "o3"], .enhancedEnergies: ["k1", "k2"],
      ]
      for kind in PhantomSeries.allCases {
        let headers = try files(under: folder + "/" + kind.rawValue).map {
          try DICOMFile.header($0)
        }
        let grouping = DICOMSeries.group(headers)
        #expect(grouping.series.map(\.part) == expected[kind] ?? [""], "\(kind)")
        #expect(grouping.refused.isEmpty == ![.missing, .uneven].contains(kind), "\(kind)")
        #expect(grouping.series.allSatisfy { $0.leading.count == kind.times }, "\(kind)")
        guard let truth = kind.truth() else { continue }
        let volume = try #require(grouping.series.first).volume()
        #expect(volume.grid.matches(truth.grid, tolerance: 1e-6), "\(kind)")
        for lead in 0..<kind.times {
          #expect(volume.values(lead: lead) == truth.values(lead: lead), "\(kind)")
        }
      }
    }
  }

  /// What a classic header says at its top, a multi-frame one says in groups.
  @Test func settingsOfAMultiFrameCTAreFoundInItsGroups() throws {
    try withFolder { folder in
      try Phantom.writeSeries([.enhancedCT], into: folder)
      let header = try DICOMFile.header(try files(under: folder)[0])
      let acquisition = try #require(DICOMSeries.group([header]).series.first).acquisition
      #expect(acquisition.modality == "CT" && acquisition.units == "HU")
      #expect(acquisition.kVp == 120 && acquisition.kernel == "B30f")
      #expect(acquisition.sliceThickness == 8 && acquisition.echoTime == nil)
    }
  }

  @Test func framesOfTwoTubeVoltagesAreTwoVolumesAndNoTime() throws {
    try withFolder { folder in
      try Phantom.writeSeries([.enhancedEnergies], into: folder)
      let headers = try files(under: folder).map { try DICOMFile.header($0) }
      let series = DICOMSeries.group(headers).series
      #expect(headers.count == 1 && series.map(\.leading) == [.none, .none])
      #expect(series.map(\.acquisition.kVp) == [80, 140])
      #expect(series.map(\.acquisition.kernel) == ["B30f", "B60f"])
      // The same two scans as those of two points in time.
      let scans = try #require(PhantomSeries.enhanced.truth())
      #expect(try series.flatMap { try $0.volume().bytes } == scans.bytes)
    }
  }

  @Test func aMissingSliceIsTheMeanOfItsNeighboursWhenFilled() throws {
    try withFolder { folder in
      try Phantom.writeSeries([.missing], into: folder)
      var policy = DICOMSeries.Policy()
      policy.missing = .fill
      let headers = try files(under: folder).map { try DICOMFile.header($0) }
      let volume = try #require(DICOMSeries.group(headers, policy: policy).series.first).volume()
      #expect(volume.grid.size == SIMD3(24, 20, 8))
      let (slice, values) = (24 * 20, volume.values())
      for pixel in 0..<slice {
        let mean = (values[3 * slice + pixel] + values[5 * slice + pixel]) / 2
        #expect(values[4 * slice + pixel] == mean.rounded())
      }
    }
  }

  private func files(under folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      .map { folder + "/" + $0 }
      .filter { path in
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
          && !isFolder.boolValue
      }
  }
}
