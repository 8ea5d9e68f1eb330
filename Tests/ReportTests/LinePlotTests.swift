import Foundation
import Report
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

private func parses(_ svg: String) -> Bool { XMLParser(data: Data(svg.utf8)).parse() }

@Test func aPlotIsWellFormedAndDrawsEveryFinitePoint() {
  let points = (0..<10).map { (x: Double($0), y: $0 == 4 ? Double.nan : Double($0 * $0)) }
  let svg = LinePlot("a < b & c", x: "step", y: "loss", [.init("one", points)]).svg()
  #expect(parses(svg))
  let drawn = svg.split(separator: "\n").first { $0.contains("<polyline") }
  #expect(drawn?.split(separator: "\"").last { $0.contains(",") }?.split(separator: " ").count == 9)
}

@Test func theHighestPointLiesAtTheTopAndTheLastAtTheRight() throws {
  let svg = LinePlot("", x: "", y: "", [.init("", [(x: 0, y: -3), (x: 7, y: 12)])]).svg(
    width: 200, height: 100)
  #expect(svg.contains("points=\"72.0,52.0 184.0,34.0\""))
}

@Test func aLogarithmicPlotHasPowersOfTenAndNoPointBelowThem() {
  let points = [(x: 0.0, y: 1000.0), (x: 1, y: 0), (x: 2, y: 0.01)]
  let svg = LinePlot("", x: "", y: "", logarithmic: true, [.init("", points)]).svg()
  #expect(parses(svg))
  for tick in ["0.01", "0.1", "1", "10", "100", "1000"] { #expect(svg.contains(">\(tick)</text>")) }
}

@Test func plotsWithoutPointsOrWithOneValueAreStillPlots() {
  #expect(parses(LinePlot("empty", x: "", y: "", []).svg()))
  #expect(parses(LinePlot("", x: "", y: "", logarithmic: true, []).svg()))
  #expect(parses(LinePlot("flat", x: "", y: "", [.init("", [(x: 1, y: 2)])]).svg()))
}
