// How a picture says its values: given by whoever knows their types and where they lead.
import type { CellType } from '../screens/reports/model'
import type { Plot, PlotPoint } from './plot'

export interface Look {
  /** What the picture shows, in a sentence. */
  label: string
  value: (y: number) => string
  share: (y: number) => string
  axis: (v: number, type: CellType) => string
  x: (p: PlotPoint) => string
  say: (plot: Plot, p: PlotPoint, series: number) => string
  pick: (plot: Plot, p: PlotPoint) => (() => void) | undefined
}
