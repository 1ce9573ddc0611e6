// Mantine dressed in the design system's values (`tokens.css`).

import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  rem,
  type VariantColorsResolver,
} from '@mantine/core';

const accent: MantineColorsTuple = [
  '#e3f2f0',
  '#c5e6e2',
  '#9bd6cf',
  '#6fd0c3',
  '#4fc7b8',
  '#2a9d90',
  '#0b6b62',
  '#095a53',
  '#074a44',
  '#053934',
];

/** Mantine takes the grounds of dark controls from here. */
const dark: MantineColorsTuple = [
  '#e8ebee',
  '#c9ced4',
  '#9ba5b0',
  '#66717d',
  '#2c333b',
  '#242a31',
  '#1d2228',
  '#161a1f',
  '#0f1215',
  '#0a0c0e',
];

/** Filled controls take text and ground from the tokens: the accent is dark in the light theme and light in the dark one. */
const variantColors: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  if (input.variant !== 'filled') {
    return colors;
  }
  return input.color === 'red'
    ? { ...colors, background: 'var(--failed)', hover: 'var(--failed)', color: 'var(--surface)' }
    : { ...colors, color: 'var(--on-accent)' };
};

/** Mantine would set these in 10 px. */
const SMALL = { fontSize: rem(12), lineHeight: '16px' };

/** The list box itself scrolls: an area around it would have to be reached by Tab. */
const LIST = { size: 'xs', comboboxProps: { shadow: 'md' }, withScrollArea: false } as const;
const OPTIONS = {
  options: { maxHeight: rem(280), overflowY: 'auto' as const },
  option: { overflowWrap: 'anywhere' as const },
};

const TITLE = { fontSize: rem(16), lineHeight: '24px', fontWeight: 600, overflowWrap: 'anywhere' as const };

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 4 },
  colors: { accent, dark },
  variantColorResolver: variantColors,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: rem(12), sm: rem(13), md: rem(14), lg: rem(16), xl: rem(20) },
  lineHeights: { xs: '16px', sm: '18px', md: '20px', lg: '24px', xl: '28px' },
  spacing: { xs: rem(4), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  radius: { xs: rem(4), sm: rem(6), md: rem(6), lg: rem(10), xl: rem(999) },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: rem(20), lineHeight: '28px' },
      h2: { fontSize: rem(16), lineHeight: '24px' },
      h3: { fontSize: rem(14), lineHeight: '20px' },
    },
  },
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Input: { vars: () => ({ wrapper: { '--input-bd': 'var(--control)' } }) },
    Button: Button.extend({
      defaultProps: { size: 'xs', fz: 'sm', fw: 500 },
      // Mantine's 22 px are too small a target.
      vars: (_, { size }) => ({ root: size === 'compact-xs' ? { '--button-height': rem(24) } : {} }),
    }),
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    InputWrapper: { styles: { description: SMALL, error: SMALL } },
    InlineInput: { styles: { description: SMALL, error: SMALL } },
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: LIST, styles: OPTIONS },
    MultiSelect: { defaultProps: LIST, styles: OPTIONS },
    TagsInput: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs', radius: 'xs' } },
    Radio: { defaultProps: { size: 'xs' } },
    Switch: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Tooltip: {
      defaultProps: {
        withArrow: false,
        openDelay: 300,
        events: { hover: true, focus: true, touch: false },
        multiline: true,
        maw: 420,
      },
    },
    Drawer: { styles: { title: TITLE }, defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Modal: {
      styles: { title: TITLE },
      defaultProps: {
        size: 480,
        radius: 'lg',
        centered: true,
        transitionProps: { duration: 120 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, shadow: 'md', transitionProps: { duration: 120 } } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 120 } } },
  },
});

/** Mantine's own colours, taken from the tokens. */
export const variables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--canvas)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-bright': 'var(--text)',
    '--mantine-color-dimmed': 'var(--muted)',
    '--mantine-color-placeholder': 'var(--muted)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--control)',
    '--mantine-color-error': 'var(--failed)',
    '--mantine-color-accent-text': 'var(--accent)',
    '--mantine-color-accent-light': 'var(--selected)',
    '--mantine-color-accent-light-hover': 'var(--hover)',
    '--mantine-color-accent-light-color': 'var(--accent)',
    '--mantine-color-gray-text': 'var(--muted)',
    '--mantine-color-gray-light-color': 'var(--text)',
    '--mantine-color-red-filled': 'var(--failed)',
    '--mantine-color-red-light': 'var(--failed-ground)',
    '--mantine-color-red-light-color': 'var(--failed)',
    '--mantine-color-red-text': 'var(--failed)',
    '--mantine-color-red-outline': 'var(--failed)',
  };
  return { variables: {}, light: shared, dark: shared };
};
