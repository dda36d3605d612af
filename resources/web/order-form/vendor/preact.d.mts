/** What the order form uses of Preact. */
export interface VNode { key: unknown }
export type Child = VNode | string | number | boolean | null | undefined | Child[];
export function h(type: unknown, props: object | null, ...children: Child[]): VNode;
export function render(tree: Child, parent: Element): void;
export class Component<P = {}> {
  constructor(props?: P);
  props: P;
  base?: Element;
  render(props: P): Child;
  shouldComponentUpdate?(next: P): boolean;
}
export interface Options { debounceRendering?: (callback: () => void) => void }
export const options: Options;
