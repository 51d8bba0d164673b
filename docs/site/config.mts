// The site that docs/build makes of the Markdown files. They stay as a code host shows them: what the site needs
// besides is done here.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import type MarkdownIt from 'markdown-it';

const root = join(import.meta.dirname, '..');

/** The first heading of a page. */
const title = (page: string) => /^# (.*)$/m.exec(readFileSync(join(root, page), 'utf8'))![1];

const page = (text: string, path: string) => ({ text, link: `/${path.replace(/index\.md$|\.md$/, '')}` });

const decisions = readdirSync(join(root, 'docs/decisions')).sort().map((name) => `docs/decisions/${name}`);

/** In the order of somebody who is new. */
const sidebar = [
  {
    text: 'Start',
    items: [
      page('What it is', 'index.md'),
      page('With Prisma', 'docs/START-PRISMA.md'),
      page('With Drizzle', 'docs/START-DRIZZLE.md'),
      page('With plain SQL', 'docs/START-SQL.md'),
      page('With a coding agent', 'docs/START-AGENT.md'),
      page('In a team', 'docs/START-TEAM.md'),
      page('Coming from other tools', 'docs/COMING-FROM.md'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Command line', 'docs/CLI.md'),
      page('Prisma projects', 'docs/PRISMA.md'),
      page('Coding agents', 'docs/AGENTS.md'),
      page('Tools for agents (MCP)', 'docs/MCP.md'),
      page('Checking scripts', 'docs/CHECK.md'),
      page('Exported files', 'docs/EXPORT.md'),
      page('Functions for Node.js', 'packaging/npm/dbsnap/README.md'),
    ],
  },
  {
    text: 'How it works',
    items: [
      page('Architecture', 'docs/ARCHITECTURE.md'),
      page('Format of the store', 'docs/FORMAT.md'),
      page('Benchmarks', 'docs/BENCHMARKS.md'),
      page('Tests', 'docs/TESTING.md'),
      { text: 'Decisions', collapsed: true, items: decisions.map((path) => page(title(path), path)) },
    ],
  },
  {
    text: 'Project',
    items: [
      page('Changes', 'CHANGELOG.md'),
      page('Contributing', 'CONTRIBUTING.md'),
      page('Systems', 'docs/PLATFORMS.md'),
      page('Releasing', 'docs/RELEASING.md'),
      page('Security', 'SECURITY.md'),
    ],
  },
];

/** What Markdown means here besides: all of it reads well without. */
function extend(md: MarkdownIt) {
  md.core.ruler.push('dbsnap', ({ tokens, env }) => {
    for (const token of tokens) {
      // an indented block is coloured like one between fences
      if (token.type === 'code_block') {
        token.type = 'fence';
        token.info = /^\$ /m.test(token.content) ? 'console' : token.content.startsWith('#') ? 'toml' : 'sh';
      }
      for (const child of token.children ?? []) {
        // the README is the first page
        const href = child.attrGet('href');
        if (href) child.attrSet('href', href.replace(/^((\.\.\/)*)README\.md/, '$1index.md'));
        // braces in code are braces
        if (child.type === 'code_inline') child.attrSet('v-pre', '');
        // a picture of a page is that page
        const html = child.type === 'image' && child.attrGet('src')!.replace(/\.\w+$/, '.html');
        if (html && existsSync(join(dirname(env.path), html))) {
          const label = md.utils.escapeHtml(child.content);
          child.type = 'html_inline';
          child.content = `<iframe class="page" src="${html}" title="${label}" loading="lazy"></iframe>`;
        }
      }
    }
  });
}

export default defineConfig({
  title: 'dbsnap',
  description: 'Git for the rows of your development database',
  lang: 'en',
  outDir: '../../docs',
  cacheDir: '../cache',
  // one page after the other, or the search index has them in any order
  buildConcurrency: 1,
  markdown: {
    anchor: { slugify: slug },
    attrs: { disable: true },
    config: extend,
    // colours may take their time: otherwise a busy machine makes other pages
    shikiSetup(shiki) {
      const { codeToHtml } = shiki;
      shiki.codeToHtml = (code, options) => codeToHtml(code, { ...options, tokenizeTimeLimit: 0 });
    },
  },
  transformHead: ({ siteData: { base } }) => [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }],
  ],
  themeConfig: {
    logo: '/logo.svg',
    sidebar,
    outline: [2, 3],
    search: { provider: 'local', options: { miniSearch: { searchOptions: { fuzzy: 0.1 } } } },
    notFound: { quote: 'There is no such page here. The search may have it.' },
  },
  buildEnd({ pages }) {
    const listed = JSON.stringify(sidebar);
    const missing = pages.filter((path) => !listed.includes(`"${page('', path).link}"`));
    if (missing.length > 0) throw new Error(`not in the sidebar of docs/site/config.mts: ${missing.join(', ')}`);
  },
});
