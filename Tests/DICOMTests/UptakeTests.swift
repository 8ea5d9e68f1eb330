import DICOM
import Imaging
import TestFolders
import Testing

/// PET in SUV by body weight, against the formula worked out by hand.
@Suite struct UptakeTests {
  private func write(
    _ folder: String, units: String = "BQML", correction: String = "START",
    injected: String = "090000", weight: String = "80"
  ) throws -> [DICOMHeader] {
    let synthetic = try SyntheticSeries()
    return try (0..<2).map { z in
      let path = try synthetic.write(folder + "/\(z)") { item in
        try item.put(0x0008_0018, "UI", "2.25.\(z + 10)")
        try item.put(0x0008_0060, "CS", "PT")
        for (tag, text): (UInt32, String) in [(0x21, "20200101"), (0x22, "20200101")] {
          try item.put(0x0008_0000 | tag, "DA", text)
        }
        try item.put(0x0008_0031, "TM", "100000")
        try item.put(0x0008_0032, "TM", "10000\(z)")
        try item.put(0x0010_1030, "DS", weight)
        try item.put(0x0020_0032, "DS", "0\\0\\\(z * 3)")
        try item.put(0x0028_1053, "DS", z == 0 ? "2" : "3")
        try item.put(0x0054_1001, "CS", units)
        try item.put(0x0054_1102, "CS", correction)
        let tracer = try item.addItem(0x0054_0016)
        try tracer.put(0x0018_1072, "TM", injected)
        try tracer.put(0x0018_1074, "DS", "400000000")
        try tracer.put(0x0018_1075, "DS", "3600")
      }
      return try DICOMFile.header(path)
    }
  }

  private func series(_ headers: [DICOMHeader], uptake: Bool) throws -> DICOMSeries {
    var policy = DICOMSeries.Policy()
    policy.uptake = uptake
    return try #require(DICOMSeries.group(headers, policy: policy).series.first)
  }

  /// An hour is one half-life: 200 MBq are left, for 80,000 g.
  @Test func slopesBecomeWeightOverTheDoseThatIsLeft() throws {
    try withFolder { folder in
      let found = try series(write(folder), uptake: true)
      #expect(found.flags.contains("suv") && found.acquisition.units == "GML")
      #expect(found.scaling == .perSlice(slope: [2 * 4e-4, 3 * 4e-4], intercept: [0, 0]))
    }
  }

  @Test func withoutARecipeBecquerelsStay() throws {
    try withFolder { folder in
      let found = try series(write(folder), uptake: false)
      #expect(found.scaling == .perSlice(slope: [2, 3], intercept: [0, 0]))
      #expect(found.flags.isEmpty && found.acquisition.units == "BQML")
    }
  }

  @Test func whatCannotBeWorkedOutIsLeftAndSaid() throws {
    try withFolder { folder in
      let cases = [
        try write(folder + "/a", units: "CNTS"), try write(folder + "/b", correction: "ADMIN"),
        try write(folder + "/c", injected: "110000"), try write(folder + "/d", weight: "0"),
      ]
      for headers in cases {
        let found = try series(headers, uptake: true)
        #expect(found.flags == ["no-suv"])
        #expect(found.scaling == .perSlice(slope: [2, 3], intercept: [0, 0]))
      }
    }
  }
}
